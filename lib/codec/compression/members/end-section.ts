import {
  END_DATA_BYTES_OFFSET,
  END_FLAGS_OFFSET,
  END_INDEX_BYTES_OFFSET,
  END_RAW_BYTES_OFFSET,
  END_RECORDS_OFFSET,
  END_WRITER_OFFSET,
  HAS_GAPS,
  HAS_ONE_WRITER,
  KIND_END,
  RECORDS_ARE_EXACT,
} from '../../../format/member-index.js';
import { WRITER_BYTES } from '../../../format/version-2.js';
import { readUint64, writeInt64 } from '../../bytes/int64.js';
import { type MemberFail, type Section, writeSection } from './section.js';

/** The facts that the end of a file states of it (docs/format-gzip.md, "The last member"). */
export interface FileTotals {
  /** The size of the index. It precedes the end. */
  readonly indexBytes: number;
  /** The compressed size of all data members. They precede the index. */
  readonly dataBytes: number;
  /** The uncompressed size. */
  readonly rawBytes: number;
  readonly records: number;
  /** Whether every byte belongs to a frame or a line. If not, there may be more records. */
  readonly recordsAreExact: boolean;
  /**
   * The only writer of the records with a sequence, if they are in order: 16 hex digits; or null.
   */
  readonly writer: string | null;
  /**
   * Whether sequences are missing between its records. Without a `writer` it has no meaning.
   * @default false
   */
  readonly hasGaps?: boolean;
}

/** Limits of the sizes that an end section may state. */
export interface EndLimits {
  /** The bytes of the file before the end. */
  readonly bytesBefore: number;
  readonly minIndexBytes: number;
  readonly maxIndexBytes: number;
}

/** Writes an end section from `start` to the end of `bytes`, `END_SECTION_BYTES` of them. */
export function writeEndSection(bytes: Buffer, start: number, totals: FileTotals): void {
  const { hasGaps = false, recordsAreExact, writer } = totals;
  const flags =
    (recordsAreExact ? RECORDS_ARE_EXACT : 0) |
    (writer === null ? 0 : HAS_ONE_WRITER) |
    (writer !== null && hasGaps ? HAS_GAPS : 0);
  writeSection(bytes, start, KIND_END, (section) => {
    section.writeUInt32LE(flags, END_FLAGS_OFFSET);
    writeInt64(section, END_INDEX_BYTES_OFFSET, totals.indexBytes);
    writeInt64(section, END_DATA_BYTES_OFFSET, totals.dataBytes);
    writeInt64(section, END_RAW_BYTES_OFFSET, totals.rawBytes);
    writeInt64(section, END_RECORDS_OFFSET, totals.records);
    section.write(writer ?? '', END_WRITER_OFFSET, 'hex');
  });
}

/** Reads the totals of a checked end section. */
export function readEndSection(
  { bytes, start }: Section,
  { bytesBefore, maxIndexBytes, minIndexBytes }: EndLimits,
  fail: MemberFail,
): FileTotals {
  const readNumber = (at: number, least: number, most: number): number => {
    const value = readUint64(bytes, at);
    if (value >= least && value <= most) return value;
    return fail(start + at, `a number from ${least} to ${most}`, `${value}`);
  };
  const flags = bytes.readUInt32LE(END_FLAGS_OFFSET);
  const mostIndexBytes = Math.min(bytesBefore, maxIndexBytes);
  const indexBytes = readNumber(END_INDEX_BYTES_OFFSET, minIndexBytes, mostIndexBytes);
  const hasWriter = (flags & HAS_ONE_WRITER) !== 0;
  const writerEnd = END_WRITER_OFFSET + WRITER_BYTES;
  return {
    indexBytes,
    dataBytes: readNumber(END_DATA_BYTES_OFFSET, 0, bytesBefore - indexBytes),
    rawBytes: readNumber(END_RAW_BYTES_OFFSET, 0, Number.MAX_SAFE_INTEGER),
    records: readNumber(END_RECORDS_OFFSET, 0, Number.MAX_SAFE_INTEGER),
    recordsAreExact: (flags & RECORDS_ARE_EXACT) !== 0,
    ...((flags & HAS_GAPS) !== 0 && { hasGaps: true }),
    writer: hasWriter ? bytes.toString('hex', END_WRITER_OFFSET, writerEnd) : null,
  };
}
