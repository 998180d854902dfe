import { Transform, type TransformCallback, type TransformOptions } from 'node:stream';

import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { type RecordInput, timeMicrosOf } from '../codec/records/record-input.js';
import { asError } from '../errors/as-error.js';
import { show } from '../errors/show.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkClock } from '../format/option-values.js';
import { type Duration, parseDurationMs } from '../format/quantity.js';
import { type Clock, systemClock, type Timer } from './clock.js';
import type { ReadableEvents, WritableEvents } from './typed-events.js';
import type { TypedTransform } from './typed-streams.js';
import { waitUntilTaken } from './wait-until-taken.js';

/** Options of `replay`. */
export interface ReplayOptions {
  /**
   * How many times as fast as the records happened: any number above 0; `Infinity` waits for
   * nothing. @default 1
   */
  readonly speed?: number | undefined;
  /**
   * The longest wait for one record, in ms or as text such as `'5s'`: real time, whatever the
   * speed. The records after a longer pause keep their distances. @default no limit
   */
  readonly maxPause?: Duration | undefined;
  /** The source of time, and of timers. @default systemClock */
  readonly clock?: Clock | undefined;
}

const REPLAY_OPTION_NAMES: OptionNames<ReplayOptions> = {
  speed: true,
  maxPause: true,
  clock: checkClock,
};

interface AllEvents<Item> extends ReadableEvents<Item>, WritableEvents {}

/** Transform itself, with types for what this one gives. */
const PacedTransform: new <Item>(
  options?: TransformOptions,
) => TypedTransform<Item, AllEvents<Item>> = Transform;

/**
 * Gives records at the pace of their times: takes records and gives the same ones, each no earlier
 * than it is due. The first record is due at once. A record that is not later than one before it,
 * and one without a time, is due at once, too. If the reader falls behind, the records that are due
 * come as fast as it takes them, until it has caught up.
 *
 * Records of several writers come in the order of their times only with the reader's `order:
 * 'merged'`. While it waits, the stream keeps the process alive.
 *
 * @throws TypeError or RangeError for an invalid option
 */
export function replay<Item extends RecordInput = ArchiveRecord>(
  options?: ReplayOptions,
): TypedTransform<Item, AllEvents<Item>> {
  return new Replay<Item>(options);
}

class Replay<Item extends RecordInput> extends PacedTransform<Item> {
  readonly #speed: number;
  readonly #maxPauseMs: number;
  readonly #clock: Clock;
  /** The latest time of a record so far. */
  #latestMicros = Number.NaN;
  /** When the record with that time was due. */
  #dueMs = 0;
  #timer: Timer | undefined;

  constructor(given: ReplayOptions | undefined) {
    super({ objectMode: true });
    const { clock = systemClock, maxPause, speed = 1 } = readOptions(given, REPLAY_OPTION_NAMES);
    if (typeof speed !== 'number' || !(speed > 0)) {
      throw new RangeError(`speed is ${show(speed)}, expected a number above 0`);
    }
    this.#speed = speed;
    this.#maxPauseMs =
      maxPause === undefined ? Number.POSITIVE_INFINITY : parseDurationMs(maxPause, 'maxPause');
    this.#clock = clock;
  }

  override _transform(record: Item, _encoding: string, callback: TransformCallback): void {
    let pauseMs: number;
    try {
      pauseMs = this.#pauseBefore(timeMicrosOf(record, Number.NaN));
    } catch (error) {
      void waitUntilTaken(this).then(() => callback(asError(error)));
      return;
    }
    if (pauseMs <= 0) {
      callback(null, record);
      return;
    }
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined;
      callback(null, record);
    }, pauseMs);
    this.#timer.ref();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#timer?.cancel();
    callback(error);
  }

  /** How long to wait for a record of this time, in ms. */
  #pauseBefore(micros: number): number {
    if (Number.isNaN(micros)) return 0;
    const nowMs = this.#clock.now();
    if (Number.isNaN(this.#latestMicros)) {
      this.#latestMicros = micros;
      this.#dueMs = nowMs;
    }
    const aheadMicros = micros - this.#latestMicros;
    if (aheadMicros <= 0) return 0;
    this.#latestMicros = micros;
    const stepMs = Math.min(aheadMicros / 1000 / this.#speed, this.#maxPauseMs);
    this.#dueMs += stepMs;
    // The clock may have jumped back. No wait is longer than the records are apart.
    return Math.min(this.#dueMs - nowMs, stepMs);
  }
}
