import { RecordError } from '../../errors/record-error.js';
import { DEFAULT_MAX_RECORD_BYTES, LARGEST_RECORD_BYTES } from '../../format/limits.js';
import { type ByteCount, parseByteCount } from '../../format/quantity.js';
import type { RecordInput } from './record-input.js';

/** What can be written: `v2` blocks, `v1` as the original program's, or lines of JSON. */
export type ArchiveFormat = 'v2' | 'v1' | 'jsonl';

/** Turns records into the bytes of one format, one after the other, into a slab. */
export interface RecordEncoder {
  /** Bytes in the slab, with those of a block that is not finished. */
  readonly pendingBytes: number;
  /** Whether a block is unfinished: the bytes so far do not end with a whole frame. */
  readonly isBlockOpen: boolean;
  /** The sequence of the next record; 0 in version 1 and JSON lines, which have no sequences. */
  readonly nextSequence: number;

  /**
   * Encodes one record, all of it or, when it throws, nothing.
   *
   * @param nowMicros the time of a record that has none, in µs since the epoch
   * @returns the record's time in µs since the epoch
   * @throws RecordError for what is not a record of this format
   */
  add(record: RecordInput, nowMicros: number): number;

  /** Ends the block that is being filled, if there is one. */
  finishBlock(): void;

  /**
   * Hands over the bytes so far, of which no block may be open, and goes on in `next`.
   *
   * @param next memory that nobody uses any more; a new slab without it
   */
  take(next?: Buffer): Buffer;
}

/** Checks `maxRecordBytes`, an option that all encoders and decoders have. */
export function parseMaxRecordBytes(value: ByteCount = DEFAULT_MAX_RECORD_BYTES): number {
  const bytes = parseByteCount(value, 'maxRecordBytes');
  if (bytes < 1 || bytes > LARGEST_RECORD_BYTES) {
    throw new RangeError(`maxRecordBytes is ${value}, expected 1 byte to 1 GiB`);
  }
  return bytes;
}

/**
 * Refuses a record of more than `maxRecordBytes`.
 *
 * @param bytes its payload, its metadata, and the lengths between them as its format has them
 * @throws RecordError
 */
export function checkRecordBytes(bytes: number, maxRecordBytes: number): void {
  if (bytes <= maxRecordBytes) return;
  throw new RecordError(
    'payload',
    `makes it ${bytes} bytes, more than maxRecordBytes ${maxRecordBytes}`,
  );
}
