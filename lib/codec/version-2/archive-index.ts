import { DamageError } from '../../errors/damage-error.js';
import {
  INDEX_ARCHIVE_BYTES_OFFSET,
  INDEX_ENTRIES_OFFSET,
  INDEX_ENTRY_BYTES,
  INDEX_ENTRY_COUNT_OFFSET,
  INDEX_FLAGS_OFFSET,
  INDEX_FOLLOWS_METADATA_INDEX,
  INDEX_FRAME_LENGTH_BYTES,
  INDEX_HAS_GAPS,
  INDEX_IS_UNORDERED,
  INDEX_ORDINAL_OFFSET,
  INDEX_ORDINAL_UNKNOWN,
  INDEX_PREVIOUS_SHA256_OFFSET,
  INDEX_RECORDS_OFFSET,
  INDEX_SHA256_OFFSET,
  INDEX_WRITER_ENDED,
  MAX_INDEX_ENTRIES,
  MIN_INDEX_BODY_BYTES,
  SHA256_BYTES,
} from '../../format/index-body.js';
import { HEADER_BYTES, KIND_INDEX } from '../../format/version-2.js';
import { readInt64, readUint64, writeInt64 } from '../bytes/int64.js';
import { writeChecksums, writeHeaderFields } from './frame-header.js';

/** Describes a run of consecutive blocks. Times are µs since the epoch. */
export interface IndexEntry {
  /** Where its first block begins: bytes from the start of the archive. */
  readonly offset: number;
  readonly records: number;
  /** The sequence of its first record. */
  readonly sequence: number;
  readonly earliestMicros: number;
  readonly latestMicros: number;
}

/**
 * How the sequences of an archive's blocks follow each other: `with gaps`, they ascend, but some may be
 * missing by design or by damage.
 */
export type SequenceOrder = 'consecutive' | 'with gaps' | 'unordered';

/** The contents of the last frame of a sealed archive (docs/format.md, "The index"). */
export interface ArchiveIndex {
  /** The size of the archive before the index frame. */
  readonly archiveBytes: number;
  /** The SHA-256 of these bytes. */
  readonly sha256: Uint8Array;
  readonly records: number;
  /**
   * The archive's number within its writer, from 0. Undefined if the sealing process did not know
   * it.
   */
  readonly ordinal: number | undefined;
  /** The SHA-256 of the writer's previous archive; zeros in its first, and if it is unknown. */
  readonly previousSha256: Uint8Array;
  /** Whether this is the writer's last archive. */
  readonly writerEnded: boolean;
  /** Whether the frame before the index is a metadata index. @default false */
  readonly hasMetadataIndex?: boolean;
  /** @default 'consecutive' */
  readonly order?: SequenceOrder;
  /** At most 65,536, ordered by offset. */
  readonly entries: readonly IndexEntry[];
}

/** Encodes an index as a whole frame. `nextSequence` follows the archive's last record. */
export function encodeIndexFrame(
  index: ArchiveIndex,
  writerId: Uint8Array,
  nextSequence: number,
): Buffer {
  const bodyBytes = MIN_INDEX_BODY_BYTES + index.entries.length * INDEX_ENTRY_BYTES;
  const frame = Buffer.alloc(HEADER_BYTES + bodyBytes);
  const body = frame.subarray(HEADER_BYTES);
  writeInt64(body, INDEX_ARCHIVE_BYTES_OFFSET, index.archiveBytes);
  body.set(index.sha256, INDEX_SHA256_OFFSET);
  writeInt64(body, INDEX_RECORDS_OFFSET, index.records);
  writeInt64(body, INDEX_ORDINAL_OFFSET, index.ordinal ?? 0);
  body.set(index.previousSha256, INDEX_PREVIOUS_SHA256_OFFSET);
  body.writeUInt32LE(flagsOf(index), INDEX_FLAGS_OFFSET);
  body.writeUInt32LE(index.entries.length, INDEX_ENTRY_COUNT_OFFSET);
  let at = INDEX_ENTRIES_OFFSET;
  for (const entry of index.entries) {
    writeInt64(body, at, entry.offset);
    writeInt64(body, at + 8, entry.records);
    writeInt64(body, at + 16, entry.sequence);
    writeInt64(body, at + 24, entry.earliestMicros);
    writeInt64(body, at + 32, entry.latestMicros);
    at += INDEX_ENTRY_BYTES;
  }
  body.writeUInt32LE(frame.length, at);
  writeHeaderFields(frame, 0, body.length, {
    kind: KIND_INDEX,
    records: 0,
    sequence: nextSequence,
    earliestMicros: boundOf(index.entries, 'earliestMicros', Math.min),
    latestMicros: boundOf(index.entries, 'latestMicros', Math.max),
    writerId,
  });
  writeChecksums(frame);
  return frame;
}

/**
 * Decodes the body of an index frame with a good checksum.
 *
 * @param offset where the frame begins in the archive
 * @throws DamageError
 */
export function decodeIndexBody(body: Buffer, offset: number, archive?: string): ArchiveIndex {
  const fail = (at: number, expected: string, found: number): never => {
    const begin = offset + HEADER_BYTES + at;
    const damage = { reason: 'bad-body', what: 'index', offset: begin } as const;
    throw new DamageError({ ...damage, expected, found: String(found) }, archive);
  };
  if (body.length < MIN_INDEX_BODY_BYTES) {
    fail(0, `at least ${MIN_INDEX_BODY_BYTES} bytes`, body.length);
  }
  const count = body.readUInt32LE(INDEX_ENTRY_COUNT_OFFSET);
  const entriesEnd = body.length - INDEX_FRAME_LENGTH_BYTES;
  if (
    count > MAX_INDEX_ENTRIES ||
    INDEX_ENTRIES_OFFSET + count * INDEX_ENTRY_BYTES !== entriesEnd
  ) {
    fail(
      INDEX_ENTRY_COUNT_OFFSET,
      `the entries of ${entriesEnd - INDEX_ENTRIES_OFFSET} bytes`,
      count,
    );
  }
  const frameLength = body.readUInt32LE(entriesEnd);
  if (frameLength !== HEADER_BYTES + body.length) {
    fail(entriesEnd, `the frame's length ${HEADER_BYTES + body.length}`, frameLength);
  }
  const readNumber = (at: number, read = readUint64): number => {
    const value = read(body, at);
    if (Number.isNaN(value)) fail(at, 'a number within 53 bits', value);
    return value;
  };
  const flags = body.readUInt32LE(INDEX_FLAGS_OFFSET);
  const ordinal = readNumber(INDEX_ORDINAL_OFFSET);
  const archiveBytes = readNumber(INDEX_ARCHIVE_BYTES_OFFSET);
  const records = readNumber(INDEX_RECORDS_OFFSET);
  const entries: IndexEntry[] = [];
  let recordsSoFar = 0;
  let leastOffset = 0;
  for (let at = INDEX_ENTRIES_OFFSET; at < entriesEnd; at += INDEX_ENTRY_BYTES) {
    const entry = {
      offset: readNumber(at),
      records: readNumber(at + 8),
      sequence: readNumber(at + 16),
      earliestMicros: readNumber(at + 24, readInt64),
      latestMicros: readNumber(at + 32, readInt64),
    };
    if (entry.offset < leastOffset || entry.offset >= archiveBytes) {
      fail(at, `an offset from ${leastOffset}, below ${archiveBytes}`, entry.offset);
    }
    if (entry.earliestMicros > entry.latestMicros) {
      fail(at + 32, `a latest time from ${entry.earliestMicros}`, entry.latestMicros);
    }
    recordsSoFar += entry.records;
    leastOffset = entry.offset + 1;
    entries.push(entry);
  }
  if (recordsSoFar !== records) {
    fail(INDEX_RECORDS_OFFSET, `${records} records in the entries`, recordsSoFar);
  }
  return {
    archiveBytes,
    sha256: sha256At(body, INDEX_SHA256_OFFSET),
    records,
    ordinal: (flags & INDEX_ORDINAL_UNKNOWN) === 0 ? ordinal : undefined,
    previousSha256: sha256At(body, INDEX_PREVIOUS_SHA256_OFFSET),
    writerEnded: (flags & INDEX_WRITER_ENDED) !== 0,
    hasMetadataIndex: (flags & INDEX_FOLLOWS_METADATA_INDEX) !== 0,
    ...orderOf(flags),
    entries,
  };
}

/**
 * Checks that the bytes that an index claims are there.
 *
 * @param offset where the frame begins in the file
 * @throws DamageError
 */
export function checkIndexedBytes(index: ArchiveIndex, offset: number, archive?: string): void {
  if (index.archiveBytes <= offset) return;
  const expected = `an index of at most ${offset} bytes before it`;
  const damage = { reason: 'bad-body', what: 'index', offset, expected } as const;
  throw new DamageError({ ...damage, found: `one of ${index.archiveBytes}` }, archive);
}

function orderOf(flags: number): Pick<ArchiveIndex, 'order'> {
  if ((flags & INDEX_IS_UNORDERED) !== 0) return { order: 'unordered' };
  return (flags & INDEX_HAS_GAPS) === 0 ? {} : { order: 'with gaps' };
}

const ORDER_FLAGS: Readonly<Record<SequenceOrder, number>> = {
  consecutive: 0,
  'with gaps': INDEX_HAS_GAPS,
  unordered: INDEX_HAS_GAPS | INDEX_IS_UNORDERED,
};

function flagsOf({ hasMetadataIndex, order, ordinal, writerEnded }: ArchiveIndex): number {
  return (
    ORDER_FLAGS[order ?? 'consecutive'] |
    (writerEnded ? INDEX_WRITER_ENDED : 0) |
    (ordinal === undefined ? INDEX_ORDINAL_UNKNOWN : 0) |
    (hasMetadataIndex === true ? INDEX_FOLLOWS_METADATA_INDEX : 0)
  );
}

function sha256At(body: Buffer, at: number): Buffer {
  return Buffer.from(body.subarray(at, at + SHA256_BYTES));
}

function boundOf(
  entries: readonly IndexEntry[],
  time: 'earliestMicros' | 'latestMicros',
  bound: (a: number, b: number) => number,
): number {
  const [first, ...rest] = entries;
  return rest.reduce((so, entry) => bound(so, entry[time]), first?.[time] ?? 0);
}
