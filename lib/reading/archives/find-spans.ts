import { readGzipEnd } from '../../codec/gzip/gzip-end.js';
import { decodeMemberIndex, type IndexedMember } from '../../codec/gzip/member-index.js';
import { DamageError } from '../../errors/damage-error.js';
import { END_MEMBER_BYTES } from '../../format/seekable-gzip.js';
import type { ArchiveSource } from '../../series/opening/archive-source.js';
import { type ArchiveEnds, ArchiveTail } from '../../series/opening/archive-tail.js';
import { type IndexedArchive, readIndexChain } from '../../series/opening/index-chain.js';

/** Consecutive records, as an index describes them. */
export interface IndexedRun {
  /** Undefined if the index does not say; then `sequence` has no meaning. */
  readonly writer: string | undefined;
  readonly sequence: number;
  readonly records: number;
  readonly earliestMicros: number;
  readonly latestMicros: number;
}

/** A range of an archive that begins with a frame, and in gzip also with a member. */
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
}

/** Smaller archives are read whole. */
const LEAST_BYTES = 256 * 2 ** 10;

/** An unwanted range up to this size is read anyway, because another request would cost more. */
const LARGEST_HOLE_BYTES = 64 * 2 ** 10;

/**
 * The ranges of an archive that may hold wanted records according to its index, in order
 * (docs/format.md, "Finding it"; for gzip docs/format-gzip.md, "What a reader must do"). Needs one
 * small read from the end, and rarely a second.
 *
 * @returns null if there is no usable index, so that the whole archive must be read
 */
export async function findSpans(
  source: ArchiveSource,
  options: SpanOptions,
): Promise<ArchiveSpan[] | null> {
  if (source.isOpen) return null;
  const size = await source.size();
  if (size < LEAST_BYTES) return null;
  const tail = await ArchiveTail.read(source, size);
  const members = await readMembers(tail, size);
  if (members !== null) return spansOfMembers(members, options);
  const { archives, isWhole } = await readIndexChain(tail, (archive) =>
    joinSpans(spansOfArchive(archive, options)),
  );
  return isWhole ? joinSpans(archives.toReversed().flat()) : null;
}

interface Members {
  readonly members: readonly IndexedMember[];
  /** The writer of all records that have a sequence. */
  readonly writer: string | undefined;
}

/**
 * The member index of a seekable gzip file; null if there is none, or it does not cover the whole
 * file.
 */
async function readMembers(tail: ArchiveEnds, size: number): Promise<Members | null> {
  const last = await tail.read({ start: size - END_MEMBER_BYTES, end: size });
  // The head would only distinguish a damaged file from a foreign one. Both are read whole, which
  // reports damage.
  const end = readGzipEnd({ head: Buffer.alloc(0), tail: last, fileBytes: size });
  if (end.kind !== 'seekable') return null;
  const { suffixBytes, totals } = end;
  const suffix = await tail.read({ start: size - suffixBytes, end: size });
  if (suffix.length < suffixBytes) return null;
  try {
    const members = decodeMemberIndex({ suffix, totals, fileBytes: size });
    const isWhole = members[0]?.offset === 0;
    return isWhole ? { members, writer: totals.writer ?? undefined } : null;
  } catch (error) {
    if (error instanceof DamageError) return null;
    throw error;
  }
}

function spansOfMembers(
  { members, writer }: Members,
  { isWanted, whenUntimed }: SpanOptions,
): ArchiveSpan[] | null {
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
