import {
  BEGINS_WHOLE,
  ENTRY_EARLIEST_TIME_OFFSET,
  ENTRY_FLAGS_OFFSET,
  ENTRY_LATEST_TIME_OFFSET,
  ENTRY_MEMBER_BYTES_OFFSET,
  ENTRY_RAW_BYTES_OFFSET,
  ENTRY_RECORDS_OFFSET,
  ENTRY_SEQUENCE_OFFSET,
  IS_TIMED,
  MIN_DATA_MEMBER_BYTES,
} from '../../format/seekable-gzip.js';
import { readInt64, readUint64, writeInt64 } from '../bytes/int64.js';
import type { GzipFail } from './gzip-subfield.js';

/** What the headers of its frames say of a piece of an archive. Times are µs since the epoch. */
export interface MemberFacts {
  /** Uncompressed. */
  readonly rawBytes: number;
  /** Those whose frame or line begins in it. */
  readonly records: number;
  /** Whether it begins where a frame or a line begins. */
  readonly beginsWhole: boolean;
  /** Whether every record that begins in it has sequence and time, and all its bytes are of frames. */
  readonly isTimed: boolean;
  /** Of the first record that begins in it; as the times, 0 where there is none or `isTimed` is false. */
  readonly sequence: number;
  readonly earliestMicros: number;
  readonly latestMicros: number;
}

/** A member that holds data, or a run of such members that follow each other. */
export interface MemberEntry extends MemberFacts {
  /** Compressed, the members' headers and trailers included. */
  readonly memberBytes: number;
}

/** Writes `ENTRY_BYTES` at `offset` (docs/format-gzip.md, "Entries"). */
export function writeMemberEntry(bytes: Buffer, offset: number, entry: MemberEntry): void {
  writeInt64(bytes, offset + ENTRY_MEMBER_BYTES_OFFSET, entry.memberBytes);
  writeInt64(bytes, offset + ENTRY_RAW_BYTES_OFFSET, entry.rawBytes);
  writeInt64(bytes, offset + ENTRY_RECORDS_OFFSET, entry.records);
  writeInt64(bytes, offset + ENTRY_SEQUENCE_OFFSET, entry.sequence);
  writeInt64(bytes, offset + ENTRY_EARLIEST_TIME_OFFSET, entry.earliestMicros);
  writeInt64(bytes, offset + ENTRY_LATEST_TIME_OFFSET, entry.latestMicros);
  const flags = (entry.beginsWhole ? BEGINS_WHOLE : 0) | (entry.isTimed ? IS_TIMED : 0);
  bytes.writeUInt32LE(flags, offset + ENTRY_FLAGS_OFFSET);
}

/** Reads the entry at `offset`, which must be there whole. Flags that it does not know it ignores. */
export function readMemberEntry(bytes: Buffer, offset: number, fail: GzipFail): MemberEntry {
  const readNumber = (at: number, least: number, read = readUint64): number => {
    const value = read(bytes, offset + at);
    // Put so that NaN, which stands for a number beyond 53 bits, is refused.
    if (!(value >= least)) fail(offset + at, `a number from ${least} within 53 bits`, `${value}`);
    return value;
  };
  const flags = bytes.readUInt32LE(offset + ENTRY_FLAGS_OFFSET);
  const earliest = readNumber(ENTRY_EARLIEST_TIME_OFFSET, -Number.MAX_SAFE_INTEGER, readInt64);
  return {
    memberBytes: readNumber(ENTRY_MEMBER_BYTES_OFFSET, MIN_DATA_MEMBER_BYTES),
    rawBytes: readNumber(ENTRY_RAW_BYTES_OFFSET, 1),
    records: readNumber(ENTRY_RECORDS_OFFSET, 0),
    beginsWhole: (flags & BEGINS_WHOLE) !== 0,
    isTimed: (flags & IS_TIMED) !== 0,
    sequence: readNumber(ENTRY_SEQUENCE_OFFSET, 0),
    earliestMicros: earliest,
    latestMicros: readNumber(ENTRY_LATEST_TIME_OFFSET, earliest, readInt64),
  };
}

/** Two entries as one, where the second stands behind the first. */
export function mergeMemberEntries(first: MemberEntry, second: MemberEntry): MemberEntry {
  const sums = {
    memberBytes: first.memberBytes + second.memberBytes,
    rawBytes: first.rawBytes + second.rawBytes,
    records: first.records + second.records,
    beginsWhole: first.beginsWhole,
  };
  if (!first.isTimed || !second.isTimed) return { ...sums, ...UNTIMED };
  if (second.records === 0) return { ...first, ...sums };
  if (first.records === 0) return { ...second, ...sums };
  return {
    ...sums,
    isTimed: true,
    sequence: first.sequence,
    earliestMicros: Math.min(first.earliestMicros, second.earliestMicros),
    latestMicros: Math.max(first.latestMicros, second.latestMicros),
  };
}

/** What is said of a member in which some record has no time, or may have none. */
export const UNTIMED = { isTimed: false, sequence: 0, earliestMicros: 0, latestMicros: 0 } as const;
