import { Transform, type TransformCallback } from 'node:stream';

import { ArchiveDecoder } from '../codec/archive-decoder.js';
import type { ArchiveDecoderOptions } from '../codec/frames/kind-decoder.js';
import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { waitUntilTaken } from './wait-until-taken.js';

/** What a `Decoder` is told of its archive. */
export interface DecoderOptions extends ArchiveDecoderOptions {}

/** Records that are decoded ahead of the reader; they are views, so a record costs little. */
const RECORDS_AHEAD = 128;

/**
 * The bytes of an archive in, in chunks of any size; `ArchiveRecord`s out. Takes archives of version 1,
 * version 2 (one behind the other, too) and JSON lines, uncompressed. Damage ends the stream with a
 * `DamageError`, after every record before it has been taken, however slow the reader. Chunks given to
 * it are its own: records are views on them.
 */
export class Decoder extends Transform {
  readonly #decoder: ArchiveDecoder;
  #held: TransformCallback | undefined;

  constructor(options: DecoderOptions = {}) {
    super({ readableObjectMode: true, readableHighWaterMark: RECORDS_AHEAD });
    this.#decoder = new ArchiveDecoder(options);
  }

  // Not `_transform`, whose callback Node may hold back once more, for a `_read` that has been made.
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
    // Released by `_read`. A chunk may inflate to many times its size in record objects.
    this.#held = callback;
  }
}
