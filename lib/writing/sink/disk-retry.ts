import { systemCodeOf } from '../../files/system-error.js';
import { type Backoff, backoffMs } from '../../streams/backoff.js';
import type { Clock, Timer } from '../../streams/clock.js';
import { FileFaultError } from './file-fault.js';

/**
 * What a writer does on its disk: `open` looks at the directory, `create` makes an archive's file, `write`
 * and `sync` fill it, `seal` completes it and gives it its name.
 */
export type DiskOperation = 'open' | 'create' | 'write' | 'sync' | 'seal';

/** Something that has to be done on the disk, for as long as it takes. */
export interface DiskStep {
  readonly operation: DiskOperation;
  /** The archive's name, without the suffix of its state; undefined where it is of none. */
  readonly archive: string | undefined;
}

/** A step that the disk refuses. It is tried again until it succeeds, or the writer is to end. */
export interface DiskStall extends DiskStep {
  /** Why it was refused last: most often Node's error of a system call. */
  readonly error: unknown;
}

export interface DiskRetryListener {
  /** A step was refused for the first time. */
  onStalled(stall: DiskStall): void;
  /** A step that was refused has succeeded. */
  onResumed(step: DiskStep): void;
}

/** Refused for a reason that no time takes away: the call itself is wrong. */
const WRONG_CALLS: ReadonlySet<string> = new Set([
  'EBADF',
  'EFAULT',
  'EFBIG',
  'EINVAL',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
]);

/** Without jitter: each writer has its disk to itself. */
const BACKOFF: Backoff = { firstDelayMs: 100, longestDelayMs: 10_000 };

/** A writer that may not wait any more tries what has failed once again, and at once. */
const LAST_ATTEMPT = 2;

/**
 * Does a writer's steps on the disk, each until it succeeds: a full disk gets room again, a directory comes
 * back, a file that nobody can rely on is replaced by another. It tells of what has to wait, and is the
 * only one that waits.
 */
export class DiskRetry {
  readonly #clock: Clock;
  readonly #listener: DiskRetryListener;
  readonly #stalls = new Map<DiskStep, DiskStall>();
  readonly #pauses = new Set<() => void>();
  #isPatient = true;

  constructor(clock: Clock, listener: DiskRetryListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** The step that is refused for the longest time; null while the disk does what it is told. */
  get stall(): DiskStall | null {
    const [stall] = this.#stalls.values();
    return stall ?? null;
  }

  /**
   * Makes attempts until one succeeds.
   *
   * @throws what no other attempt can mend; after `giveUp`, what the last one threw
   */
  async run<T>(step: DiskStep, attempt: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        const result = await attempt();
        if (this.#stalls.delete(step)) this.#listener.onResumed(step);
        return result;
      } catch (error) {
        if (!mayPass(error) || (!this.#isPatient && failures >= LAST_ATTEMPT)) {
          this.#stalls.delete(step);
          throw error;
        }
        const stall = { ...step, error };
        this.#stalls.set(step, stall);
        if (failures === 1) this.#listener.onStalled(stall);
        await this.#pause(failures);
      }
    }
  }

  /** Nobody can wait any more: what waits makes its last attempt now, and what fails later has one more. */
  giveUp(): void {
    this.#isPatient = false;
    for (const end of this.#pauses) end();
  }

  async #pause(failures: number): Promise<void> {
    if (!this.#isPatient) return;
    await new Promise<void>((resolve) => {
      let timer: Timer | undefined;
      const end = () => {
        timer?.cancel();
        this.#pauses.delete(end);
        resolve();
      };
      this.#pauses.add(end);
      timer = this.#clock.setTimer(end, backoffMs(failures, BACKOFF));
      // A process that has nothing else to do must not end before its records are on the disk.
      timer.ref();
    });
  }
}

function mayPass(error: unknown): boolean {
  const code = systemCodeOf(error);
  if (code !== undefined) return !WRONG_CALLS.has(code);
  return error instanceof FileFaultError;
}
