import { systemCodeOf } from '../../files/system-error.js';
import { monotonicMs } from '../../format/timers.js';
import { type Backoff, backoffMs } from '../../streams/backoff.js';
import type { Clock, Timer } from '../../streams/clock.js';
import { publish } from '../../streams/diagnostics.js';
import { FileFaultError } from './file-fault.js';

/**
 * The steps of a writer on its disk: `open` checks the directory, `create` creates an archive's
 * file, `write` and `sync` fill it, `seal` completes it and gives it its final name.
 */
export type DiskOperation = 'open' | 'create' | 'write' | 'sync' | 'seal';

/** Work on the disk that a writer repeats until it succeeds. */
export interface DiskStep {
  readonly operation: DiskOperation;
  /**
   * The archive's name without the suffix of its state; undefined if the step is not about an
   * archive.
   */
  readonly archive: string | undefined;
}

/**
 * A step that has failed. The writer repeats it until it succeeds, or until the writer must end.
 */
export interface DiskStall extends DiskStep {
  /** The last failure: most often Node's error of a system call. */
  readonly error: unknown;
}

export interface DiskRetryListener {
  /** Called when a step fails for the first time. */
  onStalled(stall: DiskStall): void;
  /** Called when a step that had failed succeeds. */
  onResumed(step: DiskStep): void;
}

/** Failures that do not pass with time, because the call itself is wrong. */
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

/** A writer that may not wait any longer repeats a failed step once, at once. */
const LAST_ATTEMPT = 2;

/**
 * Repeats each of a writer's steps on the disk until it succeeds: a full disk gets room again, a
 * directory comes back, a suspect file is replaced. Reports every step that has to wait. Only this
 * class waits; the code that it runs fails at once.
 */
export class DiskRetry {
  /** How many steps have failed at least once. */
  stalls = 0;
  /** How many attempts have followed a failed one. */
  retries = 0;
  readonly #clock: Clock;
  readonly #listener: DiskRetryListener;
  readonly #stalls = new Map<DiskStep, DiskStall>();
  readonly #pauses = new Set<() => void>();
  #isPatient = true;

  constructor(clock: Clock, listener: DiskRetryListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** The step that has been failing for the longest time; null while no step fails. */
  get stall(): DiskStall | null {
    const [stall] = this.#stalls.values();
    return stall ?? null;
  }

  /**
   * Calls `attempt` until it succeeds.
   *
   * @throws the error of an attempt that cannot succeed later; after `giveUp`, that of the last
   *   attempt
   */
  async run<T>(step: DiskStep, attempt: () => Promise<T>): Promise<T> {
    let begunMs = 0;
    for (let failures = 1; ; failures++) {
      try {
        const result = await attempt();
        if (this.#end(step, begunMs)) this.#listener.onResumed(step);
        return result;
      } catch (error) {
        if (!mayPass(error) || (!this.#isPatient && failures >= LAST_ATTEMPT)) {
          this.#end(step, begunMs);
          throw error;
        }
        const stall = { ...step, error };
        this.#stalls.set(step, stall);
        if (failures === 1) {
          begunMs = monotonicMs();
          this.#begin(stall);
        }
        await this.#pause(failures);
        this.retries++;
        publish('retry', () => ({ ...step, attempt: failures + 1, error }));
      }
    }
  }

  /**
   * Ends all waiting: a step that waits makes its last attempt now, one that fails later gets one
   * more.
   */
  giveUp(): void {
    this.#isPatient = false;
    for (const end of this.#pauses) end();
  }

  #begin(stall: DiskStall): void {
    this.stalls++;
    publish('stall', () => ({ phase: 'begin', ...stall, durationMs: 0 }));
    this.#listener.onStalled(stall);
  }

  /** @returns whether the step had failed */
  #end(step: DiskStep, begunMs: number): boolean {
    const stall = this.#stalls.get(step);
    if (stall === undefined) return false;
    this.#stalls.delete(step);
    publish('stall', () => ({ phase: 'end', ...stall, durationMs: monotonicMs() - begunMs }));
    return true;
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
      // An otherwise idle process must not exit before its records are on disk.
      timer.ref();
    });
  }
}

function mayPass(error: unknown): boolean {
  const code = systemCodeOf(error);
  if (code !== undefined) return !WRONG_CALLS.has(code);
  return error instanceof FileFaultError;
}
