import { RecordError } from '../../errors/record-error.js';
import { quote } from '../../errors/show.js';
import { DEFAULT_MAX_RECORD_BYTES, LARGEST_RECORD_BYTES } from '../../format/limits.js';
import { type ByteCount, parseByteCount } from '../../format/quantity.js';
import type { Slab } from '../bytes/slab.js';
import type { RecordInput } from './record-input.js';

/** A format to write: `v2` blocks, `v1` as the original program wrote it, or JSON lines. */
export type ArchiveFormat = 'v2' | 'v1' | 'jsonl';

/** Encodes records in one format, one after another, into a slab. */
export interface RecordEncoder {
  /** How many bytes are encoded so far, including those of an open block. */
  readonly pendingBytes: number;
  /** Whether a block is unfinished: the bytes so far do not end with a whole frame. */
  readonly isBlockOpen: boolean;
  /** The sequence of the next record; 0 in version 1 and JSON lines, which have no sequences. */
  readonly nextSequence: number;

  /**
   * Gives the next record its sequence. If it does not follow the last one, or is the first that is
   * given, a new block begins, which says that sequences before it may be missing by design. Only
   * version 2 has sequences.
   */
  continueAt?(sequence: number): void;

  /**
   * Encodes one record. If it throws, nothing was encoded.
   *
   * @param nowMicros the time of a record without one, in µs since the epoch
   * @returns the record's time in µs since the epoch
   * @throws RecordError if it is not a record, or not one that this format can hold
   */
  add(record: RecordInput, nowMicros: number): number;

  /** Finishes the open block, if there is one. */
  finishBlock(): void;

  /** Returns the bytes so far, and continues in other memory. No block may be open. */
  take(): Buffer;

  /**
   * Moves the bytes so far to the end of `slab`. No block may be open. Blocks of version 2 do not
   * have their checksums yet: `writeChecksums` adds them.
   */
  moveTo(slab: Slab): void;

  /** Forgets the bytes so far. No block may be open. */
  clear(): void;
}

/** Parses `maxRecordBytes`, an option of all encoders and decoders. */
export function parseMaxRecordBytes(value: ByteCount = DEFAULT_MAX_RECORD_BYTES): number {
  const bytes = parseByteCount(value, 'maxRecordBytes');
  if (bytes < 1 || bytes > LARGEST_RECORD_BYTES) {
    throw new RangeError(`maxRecordBytes is ${quote(value)}, expected 1 byte to 1 GiB`);
  }
  return bytes;
}

/**
 * Refuses a record of more than `maxRecordBytes`.
 *
 * @param bytes its payload, its metadata, and the lengths that its format adds
 * @throws RecordError
 */
export function checkRecordBytes(bytes: number, maxRecordBytes: number): void {
  if (bytes <= maxRecordBytes) return;
  throw new RecordError(
    'payload',
    `makes it ${bytes} bytes, more than maxRecordBytes ${maxRecordBytes}`,
  );
}
