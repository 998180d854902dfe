import { type Damage, DamageError } from '../../errors/damage-error.js';
import {
  END_DATA_BYTES_OFFSET,
  END_FLAGS_OFFSET,
  END_INDEX_BYTES_OFFSET,
  END_MEMBER_BYTES,
  END_RAW_BYTES_OFFSET,
  END_RECORDS_OFFSET,
  END_SUBFIELD_BYTES,
  END_WRITER_OFFSET,
  HAS_ONE_WRITER,
  KIND_END,
  MAX_INDEX_BYTES,
  MIN_INDEX_BYTES,
  RECORDS_ARE_EXACT,
  SUBFIELD_DATA_OFFSET,
  SUBFIELD_VERSION,
} from '../../format/seekable-gzip.js';
import { WRITER_BYTES } from '../../format/version-2.js';
import { readUint64 } from '../bytes/int64.js';
import type { GzipTotals } from './gzip-member.js';
import { checkEmptyMember, checkSubfield, findSubfield, type GzipFail } from './gzip-subfield.js';

/** Both ends of a `.gz`. They may overlap or be equal. */
export interface GzipEnds {
  /** Its first bytes; 64 are enough. */
  readonly head: Buffer;
  /** Its last bytes: at least `END_MEMBER_BYTES`, or all of a smaller file. */
  readonly tail: Buffer;
  /** The size of the file. */
  readonly fileBytes: number;
}

/** How a `.gz` can be read. */
export type GzipEnd =
  /** Ours and complete. Pass its last `suffixBytes` to `decodeMemberIndex`. */
  | { readonly kind: 'seekable'; readonly totals: GzipTotals; readonly suffixBytes: number }
  /** Ours, but its last member is missing or damaged. Read it as a stream up to there. */
  | { readonly kind: 'damaged'; readonly error: DamageError }
  /** Another program's gzip, a later version of ours, or not gzip. Read it as a stream. */
  | { readonly kind: 'plain' };

/**
 * Decides from both ends of a `.gz` how to read it (docs/format-gzip.md, "What a reader must do").
 *
 * @param archive the path or name for errors
 */
export function readGzipEnd(ends: GzipEnds, archive?: string): GzipEnd {
  const { head, tail, fileBytes } = ends;
  try {
    const totals = decodeEndMember(tail, fileBytes, archive);
    if (totals !== null) {
      return { kind: 'seekable', totals, suffixBytes: totals.indexBytes + END_MEMBER_BYTES };
    }
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    return { kind: 'damaged', error };
  }
  if (findSubfield(head)?.version !== SUBFIELD_VERSION) return { kind: 'plain' };
  const damage = gzipDamage(fileBytes, 'the last member of a seekable gzip', 'the end of the file');
  return { kind: 'damaged', error: new DamageError(damage, archive) };
}

/** The damaged thing in errors about what follows the data: the index and the last member. */
export const GZIP_INDEX = 'gzip index';

/** Damage in the index of a `.gz`, at an offset in the compressed file. */
export function gzipDamage(offset: number, expected: string, found: string): Damage {
  return { reason: 'bad-gzip', what: GZIP_INDEX, offset, expected, found };
}

/** Reads the last member; null if it is not one of ours. */
function decodeEndMember(tail: Buffer, fileBytes: number, archive?: string): GzipTotals | null {
  const start = fileBytes - END_MEMBER_BYTES;
  const fail: GzipFail = (at, expected, found) => {
    throw new DamageError(gzipDamage(start + at, expected, found), archive);
  };
  if (tail.length < END_MEMBER_BYTES) return null;
  const member = tail.subarray(tail.length - END_MEMBER_BYTES);
  const subfield = findSubfield(member);
  if (subfield?.version !== SUBFIELD_VERSION || subfield.kind !== KIND_END) return null;
  checkSubfield(subfield, END_SUBFIELD_BYTES, fail);
  checkEmptyMember(member, END_SUBFIELD_BYTES, fail);
  const { data } = subfield;
  const readNumber = (at: number, least: number, most: number): number => {
    const value = readUint64(data, at);
    if (value >= least && value <= most) return value;
    return fail(SUBFIELD_DATA_OFFSET + at, `a number from ${least} to ${most}`, `${value}`);
  };
  const flags = data.readUInt32LE(END_FLAGS_OFFSET);
  const mostIndexBytes = Math.min(start, MAX_INDEX_BYTES);
  const indexBytes = readNumber(END_INDEX_BYTES_OFFSET, MIN_INDEX_BYTES, mostIndexBytes);
  const writerEnd = END_WRITER_OFFSET + WRITER_BYTES;
  const hasWriter = (flags & HAS_ONE_WRITER) !== 0;
  return {
    indexBytes,
    dataBytes: readNumber(END_DATA_BYTES_OFFSET, 0, start - indexBytes),
    rawBytes: readNumber(END_RAW_BYTES_OFFSET, 0, Number.MAX_SAFE_INTEGER),
    records: readNumber(END_RECORDS_OFFSET, 0, Number.MAX_SAFE_INTEGER),
    recordsAreExact: (flags & RECORDS_ARE_EXACT) !== 0,
    writer: hasWriter ? data.toString('hex', END_WRITER_OFFSET, writerEnd) : null,
  };
}
