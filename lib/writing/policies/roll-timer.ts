import { show } from '../../errors/show.js';
import type { Clock, Timer } from '../../streams/clock.js';
import type { ArchiveFacts, RollPolicy } from './roll-policy.js';

export interface RollTimerListener {
  /** The archive that the timer was armed for is due. */
  onDue(): void;
  /** The policy, which may be a user's function, threw. */
  onFailure(error: unknown): void;
}

/** The delay before a policy is asked again that is not due at the time it has named. */
const ASK_AGAIN_MS = 1000;

/** Rolls an archive that gets no more records. Does not keep the process alive. */
export class RollTimer {
  readonly #policy: RollPolicy;
  readonly #clock: Clock;
  readonly #listener: RollTimerListener;
  #timer: Timer | undefined;

  constructor(policy: RollPolicy, clock: Clock, listener: RollTimerListener) {
    this.#policy = policy;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Waits for the time at which the archive, as it is now, becomes due. */
  arm(archive: ArchiveFacts): void {
    this.#arm(archive, 0);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** @param pastDelayMs how long to wait if the policy names a time in the past */
  #arm(archive: ArchiveFacts, pastDelayMs: number): void {
    this.cancel();
    const dueAt = this.#answer(() => checkDueAt(this.#policy.dueAt?.(archive) ?? null));
    if (dueAt === undefined || dueAt === null) return;
    const now = this.#clock.now();
    const delayMs = dueAt > now ? dueAt - now : pastDelayMs;
    this.#timer = this.#clock.setTimer(() => this.#ask(archive), delayMs);
  }

  #ask(archive: ArchiveFacts): void {
    const isDue = this.#answer(() => this.#policy.isDue(archive, this.#clock.now()));
    if (isDue === undefined) return;
    // Not due: a record came in the meantime, or the clock was set back.
    if (isDue) this.#listener.onDue();
    else this.#arm(archive, ASK_AGAIN_MS);
  }

  /**
   * The policy's answer; undefined if it throws, since a throw in a timer would end the process.
   */
  #answer<Answer>(ask: () => Answer): Answer | undefined {
    try {
      return ask();
    } catch (error) {
      this.#listener.onFailure(error);
      return undefined;
    }
  }
}

/**
 * Refuses NaN, which a policy in plain JavaScript may return: a timer set to NaN would fire in a
 * loop.
 */
function checkDueAt(dueAt: number | null): number | null {
  if (dueAt === null || (typeof dueAt === 'number' && !Number.isNaN(dueAt))) return dueAt;
  throw new TypeError(`dueAt of a policy is ${show(dueAt)}, expected ms since the epoch or null`);
}
