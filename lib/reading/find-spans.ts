import { readGzipEnd } from '../codec/gzip/gzip-end.js';
import { decodeMemberIndex, type IndexedMember } from '../codec/gzip/member-index.js';
import { DamageError } from '../errors/damage-error.js';
import { END_MEMBER_BYTES } from '../format/seekable-gzip.js';
import type { ArchiveSource } from '../series/opening/archive-source.js';
import { type ArchiveEnds, ArchiveTail } from '../series/opening/archive-tail.js';
import { type IndexedArchive, readIndexChain } from '../series/opening/index-chain.js';

/** What an index says of records that follow each other. */
export interface IndexedRun {
  /** Undefined where it is not told; then `sequence` says nothing. */
  readonly writer: string | undefined;
  readonly sequence: number;
  readonly records: number;
  readonly earliestMicros: number;
  readonly latestMicros: number;
}

/** A piece of an archive, which begins where a frame begins; of gzip, where a member does, too. */
export interface ArchiveSpan {
  /** Where it is in the file. */
  readonly start: number;
  readonly end: number;
  /** Where its bytes begin in the archive, uncompressed. */
  readonly rawOffset: number;
}

export interface SpanOptions {
  readonly isWanted: (run: IndexedRun) => boolean;
  /** Whether what has no time may be left out like the rest; else it is a reason to read everything. */
  readonly whenUntimed: 'read all' | 'read it';
}

/** Smaller archives are read whole. */
const LEAST_BYTES = 256 * 2 ** 10;

/** What is read for nothing rather than to begin anew behind it. */
const LARGEST_HOLE_BYTES = 64 * 2 ** 10;

/**
 * The pieces of an archive in which records that are wanted can be, by its index, in their order: for a
 * plain one docs/format.md, "Finding it", for gzip docs/format-gzip.md, "What a reader must do". Takes one
 * small read from the end, and rarely a second.
 *
 * @returns null where there is no index that can be used, so that all has to be read
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
  const { archives, isWhole } = await readIndexChain(tail);
  return isWhole ? joinSpans(spansOfArchives(archives, options)) : null;
}

interface Members {
  readonly members: readonly IndexedMember[];
  /** Of all records that have a sequence. */
  readonly writer: string | undefined;
}

/** The member index of a gzip of ours, where it speaks of all that is in the file. */
async function readMembers(tail: ArchiveEnds, size: number): Promise<Members | null> {
  const last = await tail.read({ start: size - END_MEMBER_BYTES, end: size });
  // Of the head nothing is asked: whoever reads in turn tells what is missing at the end.
  const end = readGzipEnd({ head: Buffer.alloc(0), tail: last, fileBytes: size });
  if (end.kind !== 'seekable') return null;
  const { suffixBytes, totals } = end;
  const suffix = await tail.read({ start: size - suffixBytes, end: size });
  if (suffix.length < suffixBytes) return null;
  try {
    const members = decodeMemberIndex({ suffix, totals, fileBytes: size });
    const isAll = (members[0]?.offset ?? -1) === 0;
    return isAll ? { members, writer: totals.writer ?? undefined } : null;
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

/** Members up to the next one that begins where a frame or a line begins. */
function unitsOf(members: readonly IndexedMember[]): IndexedMember[][] {
  const units: IndexedMember[][] = [];
  for (const member of members) {
    if (member.beginsWhole || units.length === 0) units.push([member]);
    else units.at(-1)?.push(member);
  }
  return units;
}

function spansOfArchives(
  archives: readonly IndexedArchive[],
  { isWanted }: SpanOptions,
): ArchiveSpan[] {
  const spans: ArchiveSpan[] = [];
  for (const { begin, header, index, indexBegin } of archives.toReversed()) {
    for (const [i, entry] of index.entries.entries()) {
      if (!isWanted({ ...entry, writer: header.writer })) continue;
      const next = index.entries[i + 1];
      const start = begin + entry.offset;
      const end = next === undefined ? indexBegin : begin + next.offset;
      spans.push({ start, end, rawOffset: start });
    }
  }
  return spans;
}

/** Joins neighbours, and those with little between them. */
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
