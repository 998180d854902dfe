import { inspect } from 'node:util';

import type { Clock, Timer } from '../../streams/clock.js';
import type { ArchiveFacts, RollPolicy } from './roll-policy.js';

export interface RollTimerListener {
  /** The archive that it was armed for is due. */
  onDue(): void;
  /** The policy, which may be a user's function, has thrown. */
  onFailure(error: unknown): void;
}

/** How soon a policy is asked again that named a time that has come, but says that it is not due. */
const ASK_AGAIN_MS = 1000;

/** Rolls an archive that nobody writes to any more. Does not keep the process alive. */
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

  /** Waits for the time that the policy names for the archive as it is now. */
  arm(archive: ArchiveFacts): void {
    this.#arm(archive, 0);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** @param pastDelayMs how long to wait where the time that the policy names has come already */
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
    // Not due: somebody has written in the meantime, or the clock was set back.
    if (isDue) this.#listener.onDue();
    else this.#arm(archive, ASK_AGAIN_MS);
  }

  /** What the policy says; undefined when it throws, which must not end the process. */
  #answer<Answer>(ask: () => Answer): Answer | undefined {
    try {
      return ask();
    } catch (error) {
      this.#listener.onFailure(error);
      return undefined;
    }
  }
}

/** Policies may be plain JavaScript. A timer that is set to NaN fires at once, again and again. */
function checkDueAt(dueAt: number | null): number | null {
  if (dueAt === null || (typeof dueAt === 'number' && !Number.isNaN(dueAt))) return dueAt;
  throw new TypeError(
    `dueAt of a policy is ${inspect(dueAt)}, expected ms since the epoch or null`,
  );
}
