import { MEMBER_FORMATS } from '../../codec/compression/member-formats.js';
import type { IndexedMember } from '../../codec/compression/members/member-index.js';
import type { ArchiveSource } from '../../series/opening/archive-source.js';
import { ArchiveTail } from '../../series/opening/archive-tail.js';
import { type IndexedArchive, readIndexChain } from '../../series/opening/index-chain.js';
import { type FileMembers, readMemberIndex } from '../../series/opening/read-member-index.js';

/** Consecutive records, as an index describes them. */
export interface IndexedRun {
  /** Undefined if the index does not say; then `sequence` has no meaning. */
  readonly writer: string | undefined;
  readonly sequence: number;
  readonly records: number;
  readonly earliestMicros: number;
  readonly latestMicros: number;
}

/** A range of a file that begins with a frame, and if it is compressed, also with a member. */
export interface ArchiveSpan {
  /** Offsets in the file. */
  readonly start: number;
  readonly end: number;
  /** The offset of its first byte in the uncompressed archive. */
  readonly rawOffset: number;
}

export interface SpanOptions {
  readonly isWanted: (run: IndexedRun) => boolean;
  /**
   * If the index lists records without a time: read the whole archive, or only their blocks too.
   */
  readonly whenUntimed: 'read all' | 'read it';
  /** Smaller archives in a store are read whole. @default 256 KiB */
  readonly leastBytes?: number;
}

const LEAST_BYTES = 256 * 2 ** 10;

/** An unwanted range up to this size is read anyway, because another request would cost more. */
const LARGEST_HOLE_BYTES = 64 * 2 ** 10;

/**
 * The ranges of an archive that may hold wanted records according to its index, in order
 * (docs/format.md, "Finding it"; if it is compressed, docs/format-gzip.md, "What a reader must do").
 * Needs one small read from the end, and rarely a second.
 *
 * @returns null if there is no usable index, so that the whole archive must be read
 */
export async function findSpans(
  source: ArchiveSource,
  options: SpanOptions,
): Promise<ArchiveSpan[] | null> {
  if (source.isOpen) return null;
  const size = await source.size();
  if (size < (options.leastBytes ?? LEAST_BYTES)) return null;
  // A file is read where it is needed; from a store, one larger range costs less than two requests.
  const isFile = source.fileNumber !== undefined;
  const tail = isFile ? source : await ArchiveTail.read(source, size);
  for (const format of MEMBER_FORMATS) {
    const index = await readMemberIndex(format, tail);
    if (index !== null) return spansOfMembers(index, options);
  }
  const { archives, isWhole } = await readIndexChain(tail, (archive) =>
    joinSpans(spansOfArchive(archive, options)),
  );
  return isWhole ? joinSpans(archives.toReversed().flat()) : null;
}

function spansOfMembers(
  { members, totals }: FileMembers,
  { isWanted, whenUntimed }: SpanOptions,
): ArchiveSpan[] | null {
  const writer = totals.writer ?? undefined;
  if (whenUntimed === 'read all' && members.some(({ isTimed }) => !isTimed)) return null;
  const spans: ArchiveSpan[] = [];
  for (const unit of unitsOf(members)) {
    const [first] = unit;
    const isPossible = unit.some(
      (member) => !member.isTimed || (member.records > 0 && isWanted({ ...member, writer })),
    );
    if (first === undefined || !isPossible) continue;
    const end = unit.reduce((sum, { memberBytes }) => sum + memberBytes, first.offset);
    spans.push({ start: first.offset, end, rawOffset: first.rawOffset });
  }
  return joinSpans(spans);
}

/** Groups members so that each group begins with a frame or a line. */
function unitsOf(members: readonly IndexedMember[]): IndexedMember[][] {
  const units: IndexedMember[][] = [];
  for (const member of members) {
    if (member.beginsWhole || units.length === 0) units.push([member]);
    else units.at(-1)?.push(member);
  }
  return units;
}

function spansOfArchive(
  { begin, header, index, indexBegin }: IndexedArchive,
  { isWanted }: SpanOptions,
): ArchiveSpan[] {
  const spans: ArchiveSpan[] = [];
  for (const [i, entry] of index.entries.entries()) {
    if (!isWanted({ ...entry, writer: header.writer })) continue;
    const next = index.entries[i + 1];
    const start = begin + entry.offset;
    const end = next === undefined ? indexBegin : begin + next.offset;
    spans.push({ start, end, rawOffset: start });
  }
  return spans;
}

/** Joins spans with little or nothing between them. */
function joinSpans(spans: readonly ArchiveSpan[]): ArchiveSpan[] {
  const joined: ArchiveSpan[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last !== undefined && span.start - last.end <= LARGEST_HOLE_BYTES) {
      joined[joined.length - 1] = { ...last, end: span.end };
    } else {
      joined.push(span);
    }
  }
  return joined;
}
