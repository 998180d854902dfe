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
} from '../../../format/member-index.js';
import { readInt64, readUint64, writeInt64 } from '../../bytes/int64.js';
import type { MemberFail } from './section.js';

/**
 * The facts that the frame headers in a piece of an archive state. Times are µs since the epoch.
 */
export interface MemberFacts {
  /** The uncompressed size. */
  readonly rawBytes: number;
  /** How many records have a frame or line that begins in it. */
  readonly records: number;
  /** Whether it begins at the start of a frame or a line. */
  readonly beginsWhole: boolean;
  /**
   * Whether all its bytes are of frames, and every record that begins in it has sequence and time.
   */
  readonly isTimed: boolean;
  /** The first record's sequence. Like the times, 0 without records or without `isTimed`. */
  readonly sequence: number;
  readonly earliestMicros: number;
  readonly latestMicros: number;
}

/** A data member, or a run of consecutive data members. */
export interface MemberEntry extends MemberFacts {
  /** The compressed size, including headers and trailers. */
  readonly memberBytes: number;
}

/** Writes `ENTRY_BYTES` from `start` on (docs/format-gzip.md, "Entries"). */
export function writeMemberEntry(bytes: Buffer, start: number, entry: MemberEntry): void {
  writeInt64(bytes, start + ENTRY_MEMBER_BYTES_OFFSET, entry.memberBytes);
  writeInt64(bytes, start + ENTRY_RAW_BYTES_OFFSET, entry.rawBytes);
  writeInt64(bytes, start + ENTRY_RECORDS_OFFSET, entry.records);
  writeInt64(bytes, start + ENTRY_SEQUENCE_OFFSET, entry.sequence);
  writeInt64(bytes, start + ENTRY_EARLIEST_TIME_OFFSET, entry.earliestMicros);
  writeInt64(bytes, start + ENTRY_LATEST_TIME_OFFSET, entry.latestMicros);
  const flags = (entry.beginsWhole ? BEGINS_WHOLE : 0) | (entry.isTimed ? IS_TIMED : 0);
  bytes.writeUInt32LE(flags, start + ENTRY_FLAGS_OFFSET);
}

/**
 * Reads the entry at `start`, which must be complete. Unknown flags are ignored.
 *
 * @param leastBytes the size of the smallest member
 */
export function readMemberEntry(
  bytes: Buffer,
  start: number,
  leastBytes: number,
  fail: MemberFail,
): MemberEntry {
  const readNumber = (at: number, least: number, read = readUint64): number => {
    const value = read(bytes, start + at);
    // Written so that NaN, which stands for a number beyond 53 bits, is refused.
    if (!(value >= least)) fail(start + at, `a number from ${least} within 53 bits`, `${value}`);
    return value;
  };
  const flags = bytes.readUInt32LE(start + ENTRY_FLAGS_OFFSET);
  const earliest = readNumber(ENTRY_EARLIEST_TIME_OFFSET, -Number.MAX_SAFE_INTEGER, readInt64);
  return {
    memberBytes: readNumber(ENTRY_MEMBER_BYTES_OFFSET, leastBytes),
    rawBytes: readNumber(ENTRY_RAW_BYTES_OFFSET, 1),
    records: readNumber(ENTRY_RECORDS_OFFSET, 0),
    beginsWhole: (flags & BEGINS_WHOLE) !== 0,
    isTimed: (flags & IS_TIMED) !== 0,
    sequence: readNumber(ENTRY_SEQUENCE_OFFSET, 0),
    earliestMicros: earliest,
    latestMicros: readNumber(ENTRY_LATEST_TIME_OFFSET, earliest, readInt64),
  };
}

/** Merges two consecutive entries. */
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

/** The fields of a member in which a record has no time, or may have none. */
export const UNTIMED = { isTimed: false, sequence: 0, earliestMicros: 0, latestMicros: 0 } as const;
