import { MEMBER_FORMATS } from '../../codec/compression/member-formats.js';
import type { ArchiveIndex } from '../../codec/version-2/archive-index.js';
import { VERSION_2 } from '../../format/version-2.js';
import { type ArchiveHead, identifyArchive } from '../../series/listing/archive-head.js';
import type { ArchiveSource } from '../../series/opening/archive-source.js';
import { type ArchiveEnds, ArchiveTail } from '../../series/opening/archive-tail.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';
import { type IndexedArchive, readIndexChain } from '../../series/opening/index-chain.js';
import { MemberEnds } from '../../series/opening/member-ends.js';
import { type FileMembers, readMemberIndex } from '../../series/opening/read-member-index.js';
import type { ArchivePart, ArchiveReport } from './archive-report.js';

/**
 * Checks an archive without reading its records: whether it exists, has the size that its indexes
 * say, begins with the record that they say, and whether they agree with each other. Needs three
 * small reads, or requests.
 *
 * @returns null if it has no index, or if that is damaged: only reading everything shows the rest
 */
export async function reportByIndex(archive: FoundArchive): Promise<ArchiveReport | null> {
  const source = await archive.open('end');
  try {
    return source.isOpen ? null : await reportSource(source, archive);
  } finally {
    await source.close();
  }
}

async function reportSource(
  source: ArchiveSource,
  archive: FoundArchive,
): Promise<ArchiveReport | null> {
  const { ends, members } = await endsOf(source);
  const bytes = await ends.size();
  const { archives, isWhole } = await readIndexChain(ends, (found) => partOf(found));
  if (!isWhole) return null;
  const parts = archives.toReversed();
  const records = parts.reduce((sum, part) => sum + part.records, 0);
  const { head } = await identifyArchive(archive);
  const indexProblem =
    parts.find(({ index }) => index?.problem !== undefined)?.index?.problem ??
    headProblem(head, parts) ??
    (members === null ? undefined : memberProblem(members, parts, records));
  const last = parts.at(-1);
  return {
    ...{ archive: source.path, format: 'frames', bytes, sha256: undefined, isRead: false },
    ...{ records, frames: 0, versions: [VERSION_2], damage: [], damagedStretches: 0 },
    ...{ gaps: [], late: [], repeated: [], conflicts: [] },
    index: indexProblem === undefined ? 'valid' : 'invalid',
    indexProblem,
    writer: last?.writer,
    ordinal: last?.index?.ordinal,
    writerEnded: last?.index?.writerEnded ?? false,
    parts,
    isIntact: indexProblem === undefined,
  };
}

/** The end of the uncompressed archive; if it is compressed, with its members. */
async function endsOf(
  source: ArchiveSource,
): Promise<{ readonly ends: ArchiveEnds; readonly members: FileMembers | null }> {
  const tail = source.hasEnd ? source : await ArchiveTail.read(source, await source.size());
  for (const format of MEMBER_FORMATS) {
    const members = await readMemberIndex(format, tail);
    if (members !== null) return { ends: new MemberEnds(tail, members.members), members };
  }
  return { ends: tail, members: null };
}

function partOf({ begin, header, index, indexBegin }: IndexedArchive): ArchivePart {
  const { sequence: nextSequence, storedBytes, writer } = header;
  return {
    ...{ begin, writer, nextSequence, records: index.records },
    end: indexBegin + storedBytes,
    sequence: index.entries[0]?.sequence ?? nextSequence,
    // Which block follows a gap is not known.
    ...((index.order ?? 'consecutive') !== 'consecutive' && MARKED),
    index: {
      problem: entriesProblem(index, nextSequence),
      ordinal: index.ordinal,
      previousSha256: Buffer.from(index.previousSha256).toString('hex'),
      writerEnded: index.writerEnded,
      sha256: undefined,
    },
  };
}

const MARKED = { hasGivenSequences: true, followsGap: true } as const;

/** Given sequences may have gaps, and an index says if they do not ascend. */
function entriesProblem(index: ArchiveIndex, nextSequence: number): string | undefined {
  let records = 0;
  let end = 0;
  for (const entry of index.entries) {
    if (index.order !== 'unordered' && entry.sequence < end) {
      return `it lists record ${entry.sequence} after record ${end - 1}`;
    }
    records += entry.records;
    end = Math.max(end, entry.sequence + entry.records);
  }
  if (index.order !== 'unordered' && end > nextSequence)
    return `it lists record ${end - 1}, and ${nextSequence} as the next one`;
  if (records === index.records) return undefined;
  return `it says ${index.records} records, its entries have ${records}`;
}

function headProblem(head: ArchiveHead, parts: readonly ArchivePart[]): string | undefined {
  const first = parts.find(({ records }) => records > 0);
  if (first === undefined || first !== parts[0]) return undefined;
  const expected = `record ${first.sequence} of writer ${first.writer}`;
  if (head.kind !== 'sequenced') return `it begins with ${expected}, the archive with no block`;
  const { sequence, writer } = head.start;
  if (sequence === first.sequence && writer === first.writer) return undefined;
  return `it begins with ${expected}, the archive with record ${sequence} of writer ${writer}`;
}

/** How the index of the members contradicts that of the archive. */
function memberProblem(
  { members, totals }: FileMembers,
  parts: readonly ArchivePart[],
  records: number,
): string | undefined {
  if (totals.recordsAreExact && totals.records !== records) {
    return `it says ${records} records, the index of the members ${totals.records}`;
  }
  const [part] = parts;
  const first = members.find((member) => member.records > 0);
  if (totals.writer === null || part === undefined || first === undefined) return undefined;
  if (totals.writer === part.writer && first.sequence === part.sequence) return undefined;
  const found = `record ${first.sequence} of writer ${totals.writer}`;
  return `it begins with record ${part.sequence} of writer ${part.writer}, the members with ${found}`;
}
