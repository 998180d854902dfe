import { type Backoff, jitteredBackoffMs } from '../streams/backoff.js';
import type { Clock, Timer } from '../streams/clock.js';
import { Waiters } from '../streams/waiters.js';
import type { ShippingListener } from '../writing/handlers/archive-shipper.js';
import { outlookOf } from './failure-outlook.js';
import type { Shipment } from './shipment.js';

/** A shipment in the queue. */
export interface WaitingShipment {
  readonly shipment: Shipment;
  /** When its archive was sealed, in ms since the epoch. */
  readonly sealedAt: number;
  /** Receives the outcome. */
  readonly listener: ShippingListener;
  /** How many of its turns have failed. */
  failures: number;
  /** Why its last turn failed. */
  error: unknown;
  /** How many of its last turns, in a row, had a failure that is `'doubtful'`. */
  doubtful: number;
  /** Whether another attempt is not expected to help. */
  isStuck: boolean;
  /**
   * `'waiting'` for its turn, `'under-way'` in its turn, `'paused'` until a timer fires, or
   * `'taken'` by a caller of `takeOldest`, so that it gets no turn.
   */
  state: 'waiting' | 'under-way' | 'paused' | 'taken';
  /** Whether a turn has found the archive's file gone. */
  isGone: boolean;
  /** The timer that ends the pause. */
  pause: Timer | undefined;
}

export interface ShipQueueOptions {
  /** How many shipments have their turn at the same time. */
  readonly concurrency: number;
  /** Clock for retry delays. */
  readonly clock: Clock;
  /** Runs one turn of a shipment. Must never reject. */
  readonly ship: (waiting: WaitingShipment) => Promise<void>;
}

const NO_LISTENER: ShippingListener = { onShipped() {}, onDropped() {}, onFailed() {} };

/** Delays after failures that may go away by themselves. */
const BACKOFF: Backoff = { firstDelayMs: 200, longestDelayMs: 30_000 };

/**
 * After so many doubtful failures in a row a shipment is stuck. That takes a few seconds: a failure
 * that only looked permanent has most likely passed after so many attempts.
 */
const MOST_DOUBTFUL = 6;

/** The delay after a failure that only a person can repair. */
const STUCK_DELAY_MS = 30_000;

/** How long to leave an archive to another process that ships it. */
const YIELD_DELAY_MS = 1000;

/**
 * Gives shipments their turns: those with the fewest failures first, the oldest of them before the
 * others, so that one bad archive does not hold up the rest. A shipment that failed gets another
 * turn after a delay, without a limit on attempts.
 */
export class ShipQueue {
  readonly #options: ShipQueueOptions;
  readonly #entries: WaitingShipment[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #watchers = new Waiters();
  #bytes = 0;
  #isStopped = false;

  constructor(options: ShipQueueOptions) {
    this.#options = options;
  }

  /** All shipments that are not finished, the oldest first. */
  get entries(): readonly WaitingShipment[] {
    return this.#entries;
  }

  /** Bytes of the archives of all entries. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How long the oldest archive of an entry has been sealed, in ms; null without entries. */
  get oldestMs(): number | null {
    if (this.#entries.length === 0) return null;
    let oldestAt = Number.POSITIVE_INFINITY;
    for (const { sealedAt } of this.#entries) oldestAt = Math.min(oldestAt, sealedAt);
    // The system's clock may have been set back since.
    return Math.max(this.#options.clock.now() - oldestAt, 0);
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  add(shipment: Shipment, listener: ShippingListener = NO_LISTENER): void {
    this.#entries.push({
      shipment,
      sealedAt: shipment.archive.sealedAt ?? this.#options.clock.now(),
      listener,
      failures: 0,
      error: undefined,
      doubtful: 0,
      isStuck: false,
      state: 'waiting',
      isGone: false,
      pause: undefined,
    });
    this.#bytes += shipment.archive.bytes;
    this.notify();
    this.advance();
  }

  /** Removes a shipment that is finished, whatever its outcome. */
  remove(waiting: WaitingShipment): void {
    const index = this.#entries.indexOf(waiting);
    if (index === -1) return;
    this.#entries.splice(index, 1);
    waiting.pause?.cancel();
    this.#bytes -= waiting.shipment.archive.bytes;
  }

  /**
   * Takes the oldest shipment that fits and does not have its turn. It remains an entry, but gets
   * no turn until the caller calls `remove` or `fail`.
   */
  takeOldest(fits: (waiting: WaitingShipment) => boolean): WaitingShipment | undefined {
    const isFree = ({ state }: WaitingShipment) => state === 'waiting' || state === 'paused';
    const oldest = this.#entries.find((waiting) => isFree(waiting) && fits(waiting));
    if (oldest === undefined) return undefined;
    oldest.pause?.cancel();
    oldest.state = 'taken';
    return oldest;
  }

  /** Pauses a shipment that failed: for long if it is stuck. */
  fail(waiting: WaitingShipment, error: unknown): void {
    waiting.error = error;
    waiting.failures++;
    const outlook = outlookOf(error);
    waiting.doubtful = outlook === 'doubtful' ? waiting.doubtful + 1 : 0;
    waiting.isStuck = outlook === 'final' || waiting.doubtful >= MOST_DOUBTFUL;
    const delayMs = waiting.isStuck ? STUCK_DELAY_MS : jitteredBackoffMs(waiting.failures, BACKOFF);
    this.#pause(waiting, delayMs);
  }

  /** Pauses a shipment that another process has taken over. */
  yield(waiting: WaitingShipment): void {
    this.#pause(waiting, YIELD_DELAY_MS);
  }

  /** Gives turns to as many shipments as `concurrency` allows. */
  advance(): void {
    while (!this.#isStopped && this.#running.size < this.#options.concurrency) {
      const next = this.#nextWaiting();
      if (next === undefined) return;
      next.state = 'under-way';
      const turn = this.#options.ship(next).then(() => {
        this.#running.delete(turn);
        if (next.state === 'under-way') next.state = 'waiting';
        this.notify();
        this.advance();
      });
      this.#running.add(turn);
    }
  }

  /** Gives no more turns. Settles when the turns under way have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { pause } of this.#entries) pause?.cancel();
    await Promise.all(this.#running);
  }

  /** Settles at the next change. */
  async changed(): Promise<void> {
    await this.#watchers.next();
  }

  /** Wakes the callers of `changed`. */
  notify(): void {
    this.#watchers.wakeAll();
  }

  #nextWaiting(): WaitingShipment | undefined {
    let next: WaitingShipment | undefined;
    for (const entry of this.#entries) {
      if (entry.state !== 'waiting') continue;
      if (next === undefined || entry.failures < next.failures) next = entry;
    }
    return next;
  }

  #pause(waiting: WaitingShipment, delayMs: number): void {
    // A timer set after `stop` would keep the process alive.
    if (this.#isStopped) return;
    waiting.state = 'paused';
    waiting.pause = this.#options.clock.setTimer(() => {
      waiting.state = 'waiting';
      this.advance();
    }, delayMs);
  }
}
