import { MEMBER_FORMATS } from '../../codec/compression/member-formats.js';
import type { IndexedMember } from '../../codec/compression/members/member-index.js';
import type { IndexEntry } from '../../codec/version-2/archive-index.js';
import { ArchiveError } from '../../errors/archive-error.js';
import { StoreError } from '../../errors/store-error.js';
import { MAX_INDEX_ENTRIES } from '../../format/index-body.js';
import type { ArchiveSource } from '../../series/opening/archive-source.js';
import { ArchiveTail } from '../../series/opening/archive-tail.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';
import { type IndexedArchive, readIndexChain } from '../../series/opening/index-chain.js';
import { readMemberIndex } from '../../series/opening/read-member-index.js';
import { uncompressedEnds } from '../../series/opening/uncompressed-ends.js';
import type { SequenceRange } from './sequence-ranges.js';

/** The sequences of a writer in a sealed archive, as far as its indexes state them exactly. */
export async function sequencesOf(archive: FoundArchive, writer: string): Promise<SequenceRange[]> {
  try {
    const source = await archive.open('end');
    try {
      return source.isOpen ? [] : await readSequences(source, writer);
    } finally {
      await source.close();
    }
  } catch (error) {
    if (error instanceof StoreError || !(error instanceof ArchiveError)) throw error;
    return [];
  }
}

async function readSequences(source: ArchiveSource, writer: string): Promise<SequenceRange[]> {
  const tail = await ArchiveTail.read(source, await source.size());
  for (const format of MEMBER_FORMATS) {
    const index = await readMemberIndex(format, tail);
    if (index === null) continue;
    const { members, totals } = index;
    if (totals.writer !== null && totals.writer !== writer) return [];
    if (totals.writer !== null && totals.hasGaps !== true) return sequencesOfMembers(members);
  }
  const ends = await uncompressedEnds(source);
  if (ends === null) return [];
  const { archives } = await readIndexChain(ends, (archive) => sequencesByIndex(archive, writer));
  return archives.flat();
}

/** Without gaps, all members together hold one range. */
function sequencesOfMembers(members: readonly IndexedMember[]): SequenceRange[] {
  if (!members.every(({ isTimed }) => isTimed)) return [];
  const first = members.find(({ records }) => records > 0);
  if (first === undefined) return [];
  const records = members.reduce((sum, member) => sum + member.records, 0);
  return [{ begin: first.sequence, end: first.sequence + records }];
}

function sequencesByIndex({ header, index }: IndexedArchive, writer: string): SequenceRange[] {
  if (header.writer !== writer) return [];
  const { entries, order = 'consecutive' } = index;
  // Before neighbours merge, each entry is a block (docs/format.md, "The index").
  const areBlocks = entries.length < MAX_INDEX_ENTRIES / 2;
  const isExact = (entry: IndexEntry, at: number) => {
    if (areBlocks || order === 'consecutive') return true;
    const next = entries[at + 1]?.sequence ?? header.sequence;
    return order === 'with gaps' && entry.sequence + entry.records === next;
  };
  const ranges: SequenceRange[] = [];
  for (const [at, entry] of entries.entries()) {
    if (!isExact(entry, at)) continue;
    const { sequence: begin } = entry;
    const last = ranges.at(-1);
    const end = begin + entry.records;
    if (last?.end === begin) ranges[ranges.length - 1] = { begin: last.begin, end };
    else ranges.push({ begin, end });
  }
  return ranges;
}
