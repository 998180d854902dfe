import { randomBytes } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';

import {
  createRecordEncoder,
  FORMAT_OPTION_NAMES,
  type FormatOptions,
  parseFormatOptions,
} from '../codec/create-record-encoder.js';
import type { RecordEncoder } from '../codec/records/record-encoder.js';
import type { RecordInput } from '../codec/records/record-input.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkClock } from '../format/option-values.js';
import { type Duration, parseDurationMs } from '../format/quantity.js';
import { WRITER_BYTES } from '../format/version-2.js';
import { type Clock, systemClock, type Timer } from './clock.js';
import { giveHeld, type HoldsBack, waitUntilTaken } from './wait-until-taken.js';

/** Options of an `Encoder`. */
export interface EncoderOptions extends FormatOptions {
  /**
   * How long a record may wait in a block that is not full. Then the block ends and the stream
   * gives its bytes. @default '1s'
   */
  readonly flushInterval?: Duration | undefined;
  /**
   * 8 bytes that distinguish this writer's records from those of all other writers. @default random
   */
  readonly writerId?: Uint8Array | undefined;
  /** The source of time. @default systemClock */
  readonly clock?: Clock | undefined;
}

const ENCODER_OPTION_NAMES: OptionNames<EncoderOptions> = {
  ...FORMAT_OPTION_NAMES,
  flushInterval: true,
  writerId: true,
  clock: checkClock,
};

/** Records given to `_writev`. Those from index `next` on are not encoded yet. */
interface HeldRecords {
  readonly records: ReadonlyArray<{ readonly chunk: RecordInput }>;
  next: number;
  readonly callback: TransformCallback;
}

/** One block waits to be read while one is built. More would only take more memory. */
const READABLE_BLOCKS = 1;

/**
 * Encodes records: takes `RecordInput`s and gives the bytes of one archive. The archive has no
 * index; use `createArchiveWriter` for archives with one. An input that is not a record ends the
 * stream with a `RecordError` after the reader has taken the bytes of all records before it.
 *
 * This is `RecordEncoder` as a Transform, for users' own pipelines. `RollingWriteStream` calls
 * `RecordEncoder` directly, for speed.
 */
export class Encoder extends Transform implements HoldsBack {
  readonly #encoder: RecordEncoder;
  readonly #blockBytes: number;
  readonly #clock: Clock;
  readonly #flushIntervalMs: number;
  #flushTimer: Timer | undefined;
  #held: HeldRecords | undefined;
  /** The result of the last `push`; true after `_read`. */
  #isWanted = true;

  /** @throws TypeError or RangeError for an invalid option */
  constructor(given?: EncoderOptions) {
    const options = readOptions(given, ENCODER_OPTION_NAMES);
    const settings = parseFormatOptions(options);
    const { clock = systemClock, flushInterval = '1s' } = options;
    const { writerId = randomBytes(WRITER_BYTES) } = options;
    super({
      writableObjectMode: true,
      readableHighWaterMark: READABLE_BLOCKS * settings.blockBytes,
    });
    this.#blockBytes = settings.blockBytes;
    this.#encoder = createRecordEncoder(settings, {
      writerId,
    });
    this.#clock = clock;
    this.#flushIntervalMs = parseDurationMs(flushInterval, 'flushInterval');
  }

  override _write(chunk: RecordInput, _encoding: string, callback: TransformCallback): void {
    this.#encode({ records: [{ chunk }], next: 0, callback });
  }

  override _writev(records: { chunk: RecordInput }[], callback: TransformCallback): void {
    this.#encode({ records, next: 0, callback });
  }

  override _read(): void {
    this.#isWanted = true;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#encode(held);
  }

  override _flush(callback: TransformCallback): void {
    this.#flushBlock();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#cancelFlush();
    this.#held = undefined;
    callback(error);
  }

  /** Ends the open block early, as after `flushInterval`. */
  [giveHeld](): void {
    this.#flushBlock();
  }

  #encode(held: HeldRecords): void {
    const { records, callback } = held;
    const nowMicros = Math.round(this.#clock.now() * 1000);
    for (let entry = records[held.next]; entry !== undefined; entry = records[++held.next]) {
      if (!this.#isWanted) {
        // `_read` continues. Calling back now would let the source fill the readable side without
        // limit.
        this.#held = held;
        this.#armFlush();
        return;
      }
      try {
        this.#encoder.add(entry.chunk, nowMicros);
      } catch (error) {
        this.#flushBlock();
        void waitUntilTaken(this).then(() => callback(error as Error));
        return;
      }
      // Pushes end where blocks end.
      const isFull = this.#encoder.pendingBytes >= this.#blockBytes;
      if (isFull && !this.#encoder.isBlockOpen) this.#pushBlocks();
    }
    this.#armFlush();
    callback();
  }

  #flushBlock(): void {
    this.#encoder.finishBlock();
    if (this.#encoder.pendingBytes > 0) this.#pushBlocks();
  }

  #pushBlocks(): void {
    this.#cancelFlush();
    const bytes = this.#encoder.take();
    // A short block would keep a whole slab in memory until it is read.
    const isShort = 2 * bytes.length < bytes.buffer.byteLength;
    this.#isWanted = this.push(isShort ? Buffer.from(bytes) : bytes);
  }

  #armFlush(): void {
    // A reader may have destroyed the stream from within `push`.
    if (this.#flushTimer !== undefined || this.destroyed) return;
    if (this.#encoder.pendingBytes === 0) return;
    this.#flushTimer = this.#clock.setTimer(() => this.#flushBlock(), this.#flushIntervalMs);
  }

  #cancelFlush(): void {
    this.#flushTimer?.cancel();
    this.#flushTimer = undefined;
  }
}
