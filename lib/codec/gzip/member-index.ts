import { DamageError } from '../../errors/damage-error.js';
import {
  END_MEMBER_BYTES,
  ENTRIES_OFFSET,
  ENTRY_BYTES,
  ENTRY_COUNT_OFFSET,
  FIRST_ENTRY_OFFSET,
  INDEX_FIXED_BYTES,
  INDEX_WRAP_BYTES,
  KIND_MEMBER_INDEX,
  MAX_MEMBER_ENTRIES,
  SUBFIELD_VERSION,
} from '../../format/seekable-gzip.js';
import { gzipDamage } from './gzip-end.js';
import type { GzipTotals } from './gzip-member.js';
import {
  checkEmptyMember,
  checkSubfield,
  findSubfield,
  type GzipFail,
  type GzipSubfield,
} from './gzip-subfield.js';
import { type MemberEntry, readMemberEntry } from './member-entry.js';

/** Where a member, or a run of members, is in the `.gz` and in the archive. */
export interface IndexedMember extends MemberEntry {
  /** Where its first member begins: bytes from the start of the `.gz`. */
  readonly offset: number;
  /** Where its data begin: bytes from the start of the archive. */
  readonly rawOffset: number;
}

/** The end of a `.gz`, and the totals that `readGzipEnd` returned. */
export interface GzipSuffix {
  /** Its last bytes: at least the `suffixBytes` of `readGzipEnd`. */
  readonly suffix: Buffer;
  readonly totals: GzipTotals;
  readonly fileBytes: number;
}

/**
 * Decodes the member index. Its members follow each other without a gap. In concatenated `.gz`
 * files it is the index of the last one.
 *
 * @param archive the path or name for errors
 * @throws DamageError with an offset in the `.gz`. The data may be good: read them as a stream.
 */
export function decodeMemberIndex(source: GzipSuffix, archive?: string): IndexedMember[] {
  const { suffix, totals, fileBytes } = source;
  const indexEnd = suffix.length - END_MEMBER_BYTES;
  const start = indexEnd - totals.indexBytes;
  if (start < 0) {
    throw new RangeError(`suffix has ${suffix.length} bytes, ${-start} too few for the index`);
  }
  const suffixOffset = fileBytes - suffix.length;
  const dataStart = suffixOffset + start - totals.dataBytes;
  const failAt =
    (base: number): GzipFail =>
    (at, expected, found) => {
      throw new DamageError(gzipDamage(suffixOffset + base + at, expected, found), archive);
    };
  const members: IndexedMember[] = [];
  let offset = dataStart;
  let rawOffset = 0;
  let records = 0;
  for (let at = start; at < indexEnd; ) {
    const { memberBytes, subfield } = readIndexMember(suffix.subarray(at, indexEnd), failAt(at));
    for (const entry of entriesOf(subfield, members.length, failAt(at))) {
      members.push({ ...entry, offset, rawOffset });
      offset += entry.memberBytes;
      rawOffset += entry.rawBytes;
      records += entry.records;
    }
    at += memberBytes;
  }
  const found = `${offset - dataStart}, ${rawOffset}, ${records}`;
  const expected = `${totals.dataBytes}, ${totals.rawBytes}, ${totals.records}`;
  const sums = 'compressed bytes, bytes, records';
  if (found !== expected) failAt(start)(0, `${sums} that add up to ${expected}`, found);
  return members;
}

/** Reads the index member that `bytes` begin with. */
function readIndexMember(bytes: Buffer, fail: GzipFail) {
  const subfield = findSubfield(bytes);
  if (subfield?.version !== SUBFIELD_VERSION || subfield.kind !== KIND_MEMBER_INDEX) {
    return fail(0, 'an index member', `0x${bytes.toString('hex', 0, SHOWN_BYTES)}`);
  }
  const { dataBytes } = subfield;
  const memberBytes = INDEX_WRAP_BYTES + dataBytes;
  if (memberBytes > bytes.length) fail(0, `${memberBytes} bytes`, `the end after ${bytes.length}`);
  checkSubfield(subfield, dataBytes, fail);
  checkEmptyMember(bytes, dataBytes, fail);
  return { memberBytes, subfield };
}

/** Enough bytes of a member, in a message, to recognise it. */
const SHOWN_BYTES = 18;

/** @param first how many entries the members before it have */
function* entriesOf({ data, start }: GzipSubfield, first: number, fail: GzipFail) {
  const failIn: GzipFail = (at, expected, found) => fail(start + at, expected, found);
  const count = data.length < INDEX_FIXED_BYTES ? 0 : data.readUInt32LE(ENTRY_COUNT_OFFSET);
  if (data.length !== INDEX_FIXED_BYTES + count * ENTRY_BYTES) {
    failIn(ENTRY_COUNT_OFFSET, `the entries of ${data.length} bytes`, `${count}`);
  }
  const found = data.readUInt32LE(FIRST_ENTRY_OFFSET);
  if (found !== first) failIn(FIRST_ENTRY_OFFSET, `${first} entries before`, `${found}`);
  if (first + count > MAX_MEMBER_ENTRIES) {
    failIn(ENTRY_COUNT_OFFSET, `at most ${MAX_MEMBER_ENTRIES} entries`, `${first + count}`);
  }
  for (let i = 0; i < count; i++) {
    yield readMemberEntry(data, ENTRIES_OFFSET + i * ENTRY_BYTES, failIn);
  }
}
