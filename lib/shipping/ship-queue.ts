import { StoreError } from '../errors/store-error.js';
import { isTransient } from '../files/system-error.js';
import { type Backoff, jitteredBackoffMs } from '../streams/backoff.js';
import type { Clock, Timer } from '../streams/clock.js';
import { Waiters } from '../streams/waiters.js';
import type { Shipment } from './shipment.js';

/** A shipment that waits for its turn, or has it. */
export interface WaitingShipment {
  readonly shipment: Shipment;
  /** How often it has failed, and why the last time. */
  failures: number;
  error: unknown;
  /** Whether the last failure was one that trying again does not mend. */
  isStuck: boolean;
  /** `'paused'`: it waits for a timer, and not for its turn; `'taken'`: it gets no turn any more. */
  state: 'waiting' | 'under-way' | 'paused' | 'taken';
  /** Whether its file was gone when its turn came. */
  isGone: boolean;
}

export interface ShipQueueOptions {
  readonly concurrency: number;
  readonly clock: Clock;
  /** Has a shipment go on. Never rejects. */
  readonly ship: (waiting: WaitingShipment) => Promise<void>;
}

const BACKOFF: Backoff = { firstDelayMs: 200, longestDelayMs: 30_000 };

/** The delay after a failure that only a person can mend. */
const STUCK_DELAY_MS = 30_000;

/** How long to leave an archive to somebody else who ships it, before looking again. */
const OTHERS_DELAY_MS = 1000;

/**
 * Says which shipment has its turn: of those that have failed least the oldest, so that one bad archive
 * holds no other up. What failed has its turn again after a while, for ever.
 */
export class ShipQueue {
  readonly #options: ShipQueueOptions;
  readonly #entries: WaitingShipment[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #timers = new Set<Timer>();
  /** To be called whenever something has changed. */
  readonly #watchers = new Waiters();
  #keepsAlive = false;
  #isStopped = false;

  constructor(options: ShipQueueOptions) {
    this.#options = options;
  }

  /** All that are not at their end, the oldest first. */
  get entries(): readonly WaitingShipment[] {
    return this.#entries;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  add(shipment: Shipment): void {
    this.#entries.push({
      shipment,
      failures: 0,
      error: undefined,
      isStuck: false,
      state: 'waiting',
      isGone: false,
    });
    this.notify();
    this.advance();
  }

  /** It is at its end, whichever that is. */
  remove(waiting: WaitingShipment): void {
    const place = this.#entries.indexOf(waiting);
    if (place !== -1) this.#entries.splice(place, 1);
  }

  /** Takes the oldest that fits out of the turn, where it has none now; it stays among the entries. */
  takeOldest(fits: (waiting: WaitingShipment) => boolean): WaitingShipment | undefined {
    const isFree = ({ state }: WaitingShipment) => state === 'waiting' || state === 'paused';
    const oldest = this.#entries.find((waiting) => isFree(waiting) && fits(waiting));
    if (oldest !== undefined) oldest.state = 'taken';
    return oldest;
  }

  /** It has failed: it has its turn again soon, or where that would not help, later. */
  fail(waiting: WaitingShipment, error: unknown): void {
    waiting.error = error;
    waiting.failures++;
    waiting.isStuck = !mayBeMended(error);
    const delayMs = waiting.isStuck ? STUCK_DELAY_MS : jitteredBackoffMs(waiting.failures, BACKOFF);
    this.#pause(waiting, delayMs);
  }

  /** Somebody else ships it now. */
  yield(waiting: WaitingShipment): void {
    this.#pause(waiting, OTHERS_DELAY_MS);
  }

  /** Gives turns to as many as may have them. */
  advance(): void {
    while (!this.#isStopped && this.#running.size < this.#options.concurrency) {
      const ready = this.#entries.filter(({ state }) => state === 'waiting');
      const [first] = ready.sort((a, b) => a.failures - b.failures);
      if (first === undefined) return;
      first.state = 'under-way';
      const turn = this.#options.ship(first).then(() => {
        this.#running.delete(turn);
        if (first.state === 'under-way') first.state = 'waiting';
        this.notify();
        this.advance();
      });
      this.#running.add(turn);
    }
  }

  /** Somebody waits: from now on the process does not end between two attempts. */
  keepAlive(): void {
    this.#keepsAlive = true;
    for (const timer of this.#timers) timer.ref();
  }

  /** No turn is given any more. Settles when those under way are over. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    await Promise.all(this.#running);
  }

  /** Settles at the next change. */
  async changed(): Promise<void> {
    await this.#watchers.next();
  }

  /** Something has changed. */
  notify(): void {
    this.#watchers.wakeAll();
  }

  #pause(waiting: WaitingShipment, delayMs: number): void {
    // A timer that is set once it has stopped would keep the process alive.
    if (this.#isStopped) return;
    waiting.state = 'paused';
    const timer = this.#options.clock.setTimer(() => {
      this.#timers.delete(timer);
      if (waiting.state === 'paused') waiting.state = 'waiting';
      this.advance();
    }, delayMs);
    this.#timers.add(timer);
    if (this.#keepsAlive) timer.ref();
  }
}

/** Whether trying again soon may help, without anybody's doing. */
function mayBeMended(error: unknown): boolean {
  return error instanceof StoreError ? error.transient : isTransient(error);
}
