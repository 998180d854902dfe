import { DamageError } from '../../../errors/damage-error.js';
import type { FileTotals } from './end-section.js';
import type { MemberEntry } from './member-entry.js';
import { indexDamage, type MemberFormat } from './member-format.js';
import type { MemberFail } from './section.js';

/** Where a member, or a run of members, is in the compressed file and in the archive. */
export interface IndexedMember extends MemberEntry {
  /** Where its first member begins: bytes from the start of the file. */
  readonly offset: number;
  /** Where its data begin: bytes from the start of the archive. */
  readonly rawOffset: number;
}

/** The end of a compressed file, and the totals that `readFileEnd` returned. */
export interface FileSuffix {
  /** Its last bytes: at least the `suffixBytes` of `readFileEnd`. */
  readonly suffix: Buffer;
  readonly totals: FileTotals;
  readonly fileBytes: number;
}

/**
 * Decodes the member index. Its members follow each other without a gap. In concatenated files it
 * is the index of the last one.
 *
 * @param archive the path or name for errors
 * @throws DamageError with an offset in the compressed file. The data may be good: read them as a
 *   stream.
 */
export function decodeMemberIndex(
  format: MemberFormat,
  { suffix, totals, fileBytes }: FileSuffix,
  archive?: string,
): IndexedMember[] {
  const indexEnd = suffix.length - format.endBytes;
  const start = indexEnd - totals.indexBytes;
  if (start < 0) {
    throw new RangeError(`suffix has ${suffix.length} bytes, ${-start} too few for the index`);
  }
  const indexOffset = fileBytes - suffix.length + start;
  const dataStart = indexOffset - totals.dataBytes;
  const fail: MemberFail = (at, expected, found) => {
    throw new DamageError(indexDamage(format, indexOffset + at, expected, found), archive);
  };
  const members: IndexedMember[] = [];
  let offset = dataStart;
  let rawOffset = 0;
  let records = 0;
  for (const entry of format.readIndex(suffix.subarray(start, indexEnd), fail)) {
    members.push({ ...entry, offset, rawOffset });
    offset += entry.memberBytes;
    rawOffset += entry.rawBytes;
    records += entry.records;
  }
  const found = `${offset - dataStart}, ${rawOffset}, ${records}`;
  const expected = `${totals.dataBytes}, ${totals.rawBytes}, ${totals.records}`;
  const sums = 'compressed bytes, bytes, records';
  if (found !== expected) fail(0, `${sums} that add up to ${expected}`, found);
  return members;
}
