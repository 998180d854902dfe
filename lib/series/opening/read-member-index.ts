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
  const fileBytes = await source.size();
  const read = (bytes: number) =>
    source.read({ start: Math.max(fileBytes - bytes, 0), end: fileBytes });
  // The head would only distinguish a damaged file from a foreign one. Both are read whole, which
  // reports damage.
  const ends = { head: Buffer.alloc(0), tail: await read(format.endBytes), fileBytes };
  const end = readFileEnd(format, ends);
  if (end.kind !== 'seekable') return null;
  const { suffixBytes, totals } = end;
  const suffix = await read(suffixBytes);
  if (suffix.length < suffixBytes) return null;
  try {
    const members = decodeMemberIndex(format, { suffix, totals, fileBytes });
    const isWhole = members[0]?.offset === 0;
    return isWhole ? { members, totals, end: fileBytes - suffixBytes } : null;
  } catch (error) {
    if (error instanceof DamageError) return null;
    throw error;
  }
}
