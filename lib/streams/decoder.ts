import { Transform, type TransformCallback, type TransformOptions } from 'node:stream';

import { ArchiveDecoder } from '../codec/archive-decoder.js';
import type { ArchiveDecoderOptions } from '../codec/frames/kind-decoder.js';
import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkFunction, checkText, parseChoice } from '../format/option-values.js';
import type { ReadableEvents, WritableEvents } from './typed-events.js';
import type { TypedTransform } from './typed-streams.js';
import { waitUntilTaken } from './wait-until-taken.js';

/** How a `Decoder` reads its archive. */
export interface DecoderOptions extends ArchiveDecoderOptions {}

const DECODER_OPTION_NAMES: OptionNames<DecoderOptions> = {
  archive: checkText,
  maxRecordBytes: true,
  metadataKey: checkText,
  tornTail: true,
  whenDamaged: true,
  onDamage: checkFunction,
  writers: true,
};

interface AllEvents extends ReadableEvents<ArchiveRecord>, WritableEvents {}

/** Transform itself, with types for what this one gives. */
const RecordTransform: new (
  options?: TransformOptions,
) => TypedTransform<ArchiveRecord, AllEvents> = Transform;

/** Records decoded ahead of the reader. They are views on the chunks, so each costs little. */
const RECORDS_AHEAD = 128;

/**
 * Decodes an uncompressed archive: takes its bytes in chunks of any size, and gives
 * `ArchiveRecord`s. Reads version 1, version 2 (concatenated archives, too) and JSON lines. Damage
 * ends the stream with a `DamageError` after the reader has taken every record before the damage.
 * The caller must not change a chunk after writing it: records are views on it.
 *
 * This is `ArchiveDecoder` as a Transform, for users' own pipelines. `RollingReadStream` calls
 * `ArchiveDecoder` directly, for speed.
 */
export class Decoder extends RecordTransform {
  readonly #decoder: ArchiveDecoder;
  #held: TransformCallback | undefined;

  /** @throws TypeError or RangeError for an invalid option */
  constructor(given?: DecoderOptions) {
    super({ readableObjectMode: true, readableHighWaterMark: RECORDS_AHEAD });
    const options = readOptions(given, DECODER_OPTION_NAMES);
    this.#decoder = new ArchiveDecoder({
      ...options,
      tornTail: parseChoice('tornTail', options.tornTail, ['damage', 'end']),
      whenDamaged: parseChoice('whenDamaged', options.whenDamaged, ['error', 'skip']),
    });
  }

  // Not `_transform`: Node may delay its callback until a `_read` that it has already made.
  override _write(chunk: Buffer, _encoding: string, callback: TransformCallback): void {
    this.#decoder.push(chunk);
    this.#deliver(callback);
  }

  override _flush(callback: TransformCallback): void {
    this.#decoder.end();
    this.#deliver(callback);
  }

  override _read(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#deliver(held);
  }

  #deliver(callback: TransformCallback): void {
    let isWanted = true;
    while (isWanted) {
      let records: ArchiveRecord[] | null;
      try {
        records = this.#decoder.next();
      } catch (error) {
        void waitUntilTaken(this).then(() => callback(error as Error));
        return;
      }
      if (records === null) {
        callback();
        return;
      }
      for (const record of records) isWanted = this.push(record);
    }
    // `_read` calls back. Until then no further chunk comes: its record objects may be many times
    // its size.
    this.#held = callback;
  }
}
