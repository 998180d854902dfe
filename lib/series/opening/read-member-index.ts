import type { FileTotals } from '../../codec/compression/members/end-section.js';
import { readFileEnd } from '../../codec/compression/members/file-end.js';
import type { MemberFormat } from '../../codec/compression/members/member-format.js';
import {
  decodeMemberIndex,
  type IndexedMember,
} from '../../codec/compression/members/member-index.js';
import { DamageError } from '../../errors/damage-error.js';
import type { ArchiveEnds } from './archive-tail.js';

/** The members of a compressed file of ours, by its index. */
export interface FileMembers {
  readonly members: readonly IndexedMember[];
  readonly totals: FileTotals;
  /** Where the last member ends and the index begins. */
  readonly end: number;
}

/**
 * Reads the member index of a compressed file; null if it has none, if that is damaged, or if it
 * does not cover the whole file.
 */
export async function readMemberIndex(
  format: MemberFormat,
  source: ArchiveEnds,
): Promise<FileMembers | null> {
  const index = await readLastMemberIndex(format, source);
  return index?.members[0]?.offset === 0 ? index : null;
}

/** As `readMemberIndex`; of concatenated files, the index of the last one. */
export async function readLastMemberIndex(
  format: MemberFormat,
  source: ArchiveEnds,
): Promise<FileMembers | null> {
  const fileBytes = await source.size();
  const found = await readTotals(format, source, fileBytes);
  if (found === null) return null;
  const { suffixBytes, totals } = found;
  const start = fileBytes - suffixBytes;
  const suffix = await source.read({ start, end: fileBytes });
  if (suffix.length < suffixBytes) return null;
  try {
    const members = decodeMemberIndex(format, { suffix, totals, fileBytes });
    return { members, totals, end: start };
  } catch (error) {
    if (error instanceof DamageError) return null;
    throw error;
  }
}

/** The end section of a file that ends at `fileBytes`; null if it is not ours, or damaged. */
export async function readTotals(
  format: MemberFormat,
  source: Pick<ArchiveEnds, 'read'>,
  fileBytes: number,
): Promise<{ readonly totals: FileTotals; readonly suffixBytes: number } | null> {
  const start = Math.max(fileBytes - format.endBytes, 0);
  const tail = await source.read({ start, end: fileBytes });
  // The head would only distinguish a damaged file from a foreign one. Both are read whole, which
  // reports damage.
  const end = readFileEnd(format, { head: Buffer.alloc(0), tail, fileBytes });
  return end.kind === 'seekable' ? end : null;
}
