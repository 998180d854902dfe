import { MEMBER_FORMATS } from '../../codec/compression/member-formats.js';
import type { IndexedMember } from '../../codec/compression/members/member-index.js';
import type { MetadataMatch } from '../../codec/version-2/metadata-match.js';
import type { ArchiveSource } from '../../series/opening/archive-source.js';
import { type ArchiveEnds, ArchiveTail } from '../../series/opening/archive-tail.js';
import {
  type IndexedArchive,
  readIndexBefore,
  readIndexChain,
} from '../../series/opening/index-chain.js';
import { MemberEnds } from '../../series/opening/member-ends.js';
import {
  findPossibleRanges,
  type RawRange,
  readMetadataDirectory,
} from '../../series/opening/metadata-runs.js';
import { type FileMembers, readMemberIndex } from '../../series/opening/read-member-index.js';

/** Consecutive records, as an index describes them. */
export interface IndexedRun {
  /** Undefined if the index does not say; then `sequence` has no meaning. */
  readonly writer: string | undefined;
  readonly sequence: number;
  readonly records: number;
  /**
   * The sequence before which its records end. Undefined if they are consecutive: then it follows
   * from `sequence` and `records`.
   */
  readonly end?: number | undefined;
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
  /** The offset there after its last byte. */
  readonly rawEnd: number;
}

/** A run that an index lists, and that is in no span. */
export interface SkippedRun {
  readonly writer: string;
  readonly sequence: number;
  readonly records: number;
  /** As in `IndexedRun`. */
  readonly end?: number | undefined;
  /** Whether the index says that sequences may be missing before and in its runs. */
  readonly hasGaps: boolean;
  /** Where it begins: an offset in the uncompressed archive. */
  readonly rawOffset: number;
}

export interface FoundSpans {
  readonly spans: readonly ArchiveSpan[];
  /**
   * The runs between the spans, in order: they cannot match, but they are not missing. Empty unless
   * a metadata index was used.
   */
  readonly skipped: readonly SkippedRun[];
}

export interface SpanOptions {
  readonly isWanted: (run: IndexedRun) => boolean;
  /** If given, blocks are skipped whose records cannot match by the metadata index. */
  readonly metadata?: MetadataMatch | undefined;
  /**
   * If the index lists records without a time: read the whole archive, or only their blocks too.
   */
  readonly whenUntimed: 'read all' | 'read it';
  /** Smaller archives are read whole, unless their end is in memory. @default 256 KiB */
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
 * @returns null if there is no usable index, or nothing to skip: the whole archive must be read
 */
export async function findSpans(
  source: ArchiveSource,
  options: SpanOptions,
): Promise<FoundSpans | null> {
  if (source.isOpen) return null;
  const size = await source.size();
  const { hasEnd = false } = source;
  if (!hasEnd && size < (options.leastBytes ?? LEAST_BYTES)) return null;
  // A file is read where it is needed; from a store, one larger range costs less than two requests.
  const isFile = source.fileNumber !== undefined;
  const tail = isFile || hasEnd ? source : await ArchiveTail.read(source, size);
  for (const format of MEMBER_FORMATS) {
    const index = await readMemberIndex(format, tail);
    if (index !== null) return await spansOfMembers(tail, index, options);
  }
  const { archives, isWhole } = await readIndexChain(tail, (archive) =>
    judgeArchive(tail, archive, options),
  );
  if (!isWhole) return null;
  const judged = archives.toReversed();
  const spans = joinSpans(
    judged.flatMap(({ wanted }) =>
      wanted.map(({ begin, end }) => ({ start: begin, end, rawOffset: begin, rawEnd: end })),
    ),
  );
  const bytes = spans.reduce((sum, { end, start }) => sum + end - start, 0);
  const needed = judged.reduce((sum, archive) => sum + archive.end - archive.begin, 0);
  return bytes === needed ? null : { spans, skipped: skippedBetween(spans, judged) };
}

/** What an index says about the archive before it. Offsets are of uncompressed bytes. */
interface JudgedArchive {
  readonly begin: number;
  /** Where its records end. */
  readonly end: number;
  readonly wanted: readonly RawRange[];
  /** Undefined if the metadata index was not used. */
  readonly unwanted: readonly SkippedRun[] | undefined;
}

async function judgeArchive(
  ends: ArchiveEnds,
  archive: IndexedArchive,
  { isWanted, metadata }: SpanOptions,
): Promise<JudgedArchive> {
  const { begin, header, index, indexBegin } = archive;
  const { writer } = header;
  const { order = 'consecutive' } = index;
  const found = metadata === undefined ? null : await readMetadataDirectory(ends, archive);
  const end = found?.frameBegin ?? indexBegin;
  const possible =
    found === null || metadata === undefined
      ? null
      : await findPossibleRanges(ends, begin, found, metadata);
  const touches = possible === null ? () => true : createTouching(possible);
  const wanted: RawRange[] = [];
  const unwanted: SkippedRun[] = [];
  for (const [i, entry] of index.entries.entries()) {
    const entryBegin = begin + entry.offset;
    const next = index.entries[i + 1];
    const range = { begin: entryBegin, end: next === undefined ? end : begin + next.offset };
    const hasGaps = order !== 'consecutive';
    const last = hasGaps ? (next?.sequence ?? header.sequence) : undefined;
    const run = { ...entry, end: endOf(entry, last) };
    const known = { ...run, writer: order === 'unordered' ? undefined : writer };
    if (touches(range) && isWanted(known)) wanted.push(range);
    else unwanted.push({ ...run, writer, hasGaps, rawOffset: entryBegin });
  }
  return { begin, end, wanted, unwanted: possible === null ? undefined : unwanted };
}

async function spansOfMembers(
  tail: ArchiveEnds,
  { members, totals }: FileMembers,
  options: SpanOptions,
): Promise<FoundSpans | null> {
  const { isWanted, whenUntimed } = options;
  const writer = totals.writer ?? undefined;
  if (whenUntimed === 'read all' && members.some(({ isTimed }) => !isTimed)) return null;
  const judged = await judgeMembers(tail, members, options);
  const touches = judged === null ? () => true : createTouching(judged.wanted);
  const units = unitsOf(totals.hasGaps === true ? withEnds(members) : members);
  const spans: ArchiveSpan[] = [];
  for (const unit of units) {
    const [first] = unit;
    const isPossible = unit.some(
      (member) => !member.isTimed || (member.records > 0 && isWanted({ ...member, writer })),
    );
    if (first === undefined || !isPossible) continue;
    const { offset: start, rawOffset } = first;
    const end = unit.reduce((sum, { memberBytes }) => sum + memberBytes, start);
    const rawEnd = unit.reduce((sum, { rawBytes }) => sum + rawBytes, rawOffset);
    // No index describes the bytes before the archive.
    const isBefore = judged !== null && rawOffset < judged.begin;
    if (touches({ begin: rawOffset, end: rawEnd }) || isBefore) {
      spans.push({ start, end, rawOffset, rawEnd });
    }
  }
  if (spans.length === units.length) return null;
  const joined = joinSpans(spans);
  return { spans: joined, skipped: judged === null ? [] : skippedBetween(joined, [judged]) };
}

/**
 * The metadata index; null without one. It is in members without records at the end, as
 * only an archive with a metadata index has them.
 */
async function judgeMembers(
  tail: ArchiveEnds,
  members: readonly IndexedMember[],
  options: SpanOptions,
): Promise<JudgedArchive | null> {
  const last = members.at(-1);
  if (options.metadata === undefined || last?.records !== 0) return null;
  const ends = new MemberEnds(tail, members);
  const archive = await readIndexBefore(ends, await ends.size());
  const judged = archive === null ? null : await judgeArchive(ends, archive, options);
  return judged?.unwanted === undefined ? null : judged;
}

/** The sequence before which a run ends, if it has gaps and `next` is the first one after it. */
function endOf(
  { records, sequence }: Pick<IndexedRun, 'records' | 'sequence'>,
  next: number | undefined,
): number | undefined {
  return next === undefined || next <= sequence + records ? undefined : next;
}

/** Members whose sequences have gaps. Where the records of the last one end is not known. */
function withEnds(members: readonly IndexedMember[]): readonly MemberRun[] {
  let next = Number.POSITIVE_INFINITY;
  return members
    .toReversed()
    .map((member) => {
      const run = { ...member, end: endOf(member, next) };
      if (member.isTimed && member.records > 0) next = member.sequence;
      return run;
    })
    .toReversed();
}

interface MemberRun extends IndexedMember {
  /** As in `IndexedRun`. */
  readonly end?: number | undefined;
}

/** Groups members so that each group begins with a frame or a line. */
function unitsOf(members: readonly MemberRun[]): MemberRun[][] {
  const units: MemberRun[][] = [];
  for (const member of members) {
    if (member.beginsWhole || units.length === 0) units.push([member]);
    else units.at(-1)?.push(member);
  }
  return units;
}

/** Joins spans with little or nothing between them. */
function joinSpans(spans: readonly ArchiveSpan[]): ArchiveSpan[] {
  const joined: ArchiveSpan[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last !== undefined && span.start - last.end <= LARGEST_HOLE_BYTES) {
      joined[joined.length - 1] = { ...last, end: span.end, rawEnd: span.rawEnd };
    } else {
      joined.push(span);
    }
  }
  return joined;
}

/** The runs that a metadata index has ruled out and that no span includes. */
function skippedBetween(
  spans: readonly ArchiveSpan[],
  archives: readonly JudgedArchive[],
): SkippedRun[] {
  const touches = createTouching(
    spans.map(({ rawEnd, rawOffset }) => ({ begin: rawOffset, end: rawEnd })),
  );
  return archives
    .flatMap(({ unwanted = [] }) => unwanted)
    .filter(({ rawOffset }) => !touches({ begin: rawOffset, end: rawOffset + 1 }));
}

/**
 * Returns a function that says whether a range has bytes in common with any of `ranges`. Both are
 * in order, so that many are compared in linear time.
 */
function createTouching(ranges: readonly RawRange[]): (range: RawRange) => boolean {
  let next = 0;
  return ({ begin, end }) => {
    while ((ranges[next]?.end ?? Number.POSITIVE_INFINITY) <= begin) next++;
    return (ranges[next]?.begin ?? Number.POSITIVE_INFINITY) < end;
  };
}
