import type { ArchivePart, PartIndex } from './archive-report.js';

/** Something that keeps a series from being complete. */
export interface ArchiveProblem {
  /**
   * `missing`: an archive, or records between two, are not there. `altered`: an archive is another one than
   * its writer's next archive knew. `unfinished`: it was not sealed, or its writer ended in none. `damaged`:
   * it is not intact in itself.
   */
  readonly kind: 'missing' | 'altered' | 'unfinished' | 'damaged';
  /** The path of the archive; undefined where it is missing. */
  readonly archive: string | undefined;
  /** 16 hex digits. */
  readonly writer: string | undefined;
  /** Which of the writer's archives it is, as far as that is known. */
  readonly ordinal: number | undefined;
  readonly message: string;
}

/** A part of an archive that has a writer, and so a place in a chain. */
export interface ChainPart extends ArchivePart {
  readonly writer: string;
  /** The path of the file it is in. */
  readonly archive: string;
  readonly isIntact: boolean;
}

interface SealedPart extends ChainPart {
  readonly index: PartIndex;
}

interface PlacedPart extends SealedPart {
  /** What its index says, or follows from that of the archive before it. */
  readonly ordinal: number | undefined;
}

/** What is wrong with the chains of all writers: where each ought to run from ordinal 0 to its end. */
export function chainProblems(parts: readonly ChainPart[]): ArchiveProblem[] {
  const writers = new Map<string, ChainPart[]>();
  for (const part of parts) {
    const own = writers.get(part.writer);
    if (own === undefined) writers.set(part.writer, [part]);
    else own.push(part);
  }
  return [...writers].flatMap(([writer, own]) => {
    const unsealed = own.filter((part) => !isSealed(part));
    return writerProblems(writer, own.filter(isSealed), unsealed);
  });
}

function writerProblems(
  writer: string,
  sealed: readonly SealedPart[],
  unsealed: readonly ChainPart[],
): ArchiveProblem[] {
  const problems = unsealed.map((part) => unfinishedArchive(part));
  let previous: PlacedPart | undefined;
  for (const part of inOrder(sealed)) {
    if (previous !== undefined && isRepeat(part, previous)) {
      // The same archive twice, say raw and in another directory, is no harm.
      if (isOther(part, previous)) problems.push(otherContent(part, previous));
      continue;
    }
    problems.push(...linkProblems(part, previous, unsealed));
    previous = { ...part, ordinal: part.index.ordinal ?? placeBehind(previous, part) };
  }
  if (previous !== undefined && !previous.index.writerEnded && unsealed.length === 0) {
    problems.push(unendedWriter(writer, previous));
  }
  return problems;
}

/** By ordinal; those that have none, by their sequences between the others. */
function inOrder(sealed: readonly SealedPart[]): SealedPart[] {
  const ordered = sealed.filter(({ index }) => index.ordinal !== undefined);
  ordered.sort((a, b) => (a.index.ordinal ?? 0) - (b.index.ordinal ?? 0));
  const others = sealed.filter(({ index }) => index.ordinal === undefined);
  for (const part of others.sort((a, b) => beginOf(a) - beginOf(b))) {
    const at = ordered.findIndex((other) => beginOf(other) > beginOf(part));
    ordered.splice(at === -1 ? ordered.length : at, 0, part);
  }
  return ordered;
}

function beginOf({ nextSequence, sequence }: ChainPart): number {
  return sequence ?? nextSequence ?? 0;
}

/** Whether it is an archive that was there before, or has nothing but records of that. */
function isRepeat(part: SealedPart, previous: SealedPart): boolean {
  const { ordinal, sha256 } = part.index;
  if (sha256 === previous.index.sha256) return true;
  if (ordinal !== undefined) return ordinal === previous.index.ordinal;
  return (part.nextSequence ?? 0) <= (previous.nextSequence ?? 0);
}

function isOther({ index }: SealedPart, previous: SealedPart): boolean {
  return index.ordinal !== undefined && index.sha256 !== previous.index.sha256;
}

/** The place of an archive that does not know it, where no record is between it and one that does. */
function placeBehind(previous: PlacedPart | undefined, part: SealedPart): number | undefined {
  if (beginOf(part) > (previous?.nextSequence ?? 0)) return undefined;
  if (previous === undefined) return 0;
  return previous.ordinal === undefined ? undefined : previous.ordinal + 1;
}

/** What is wrong between an archive and the one before it. */
function linkProblems(
  part: SealedPart,
  previous: PlacedPart | undefined,
  unsealed: readonly ChainPart[],
): ArchiveProblem[] {
  const missing = missingBetween(part, previous, unsealed);
  if (missing !== null) return missing;
  const { archive, index, writer } = part;
  const { ordinal, previousSha256 } = index;
  const problems: ArchiveProblem[] = [];
  if (previous?.index.writerEnded) {
    const message = `${previous.archive}: says that writer ${writer} ended, but ${archive} follows`;
    const facts = { archive: previous.archive, writer, ordinal: previous.ordinal };
    problems.push({ kind: 'altered', ...facts, message });
  }
  if (previous === undefined && ordinal === 0 && !isUnknown(previousSha256)) {
    const message = `${archive}: the first archive of writer ${writer} names one before it`;
    problems.push({ kind: 'altered', archive, writer, ordinal, message });
  }
  // What is damaged has another digest, of course: that it is damaged is told already.
  if (previous?.isIntact && !isUnknown(previousSha256)) {
    const known = previous.index.sha256;
    if (previousSha256 !== known) {
      const message = `${previous.archive}: its SHA-256 is ${known}, ${archive} has ${previousSha256}`;
      const facts = { archive: previous.archive, writer, ordinal: previous.ordinal };
      problems.push({ kind: 'altered', ...facts, message });
    }
  }
  return [...problems, ...lostBetween(part, previous)];
}

/** Zeros stand for a digest that was not known, or that of nothing. */
function isUnknown(sha256: string): boolean {
  return /^0*$/.test(sha256);
}

/**
 * Archives that are not there. By their ordinals, where both ends have one; who did not know the archive
 * before it may have counted one that had no record, so that only sequences tell.
 *
 * @returns null where the two follow each other
 */
function missingBetween(
  part: SealedPart,
  previous: PlacedPart | undefined,
  unsealed: readonly ChainPart[],
): ArchiveProblem[] | null {
  const { index, writer } = part;
  const [from, to] = [previous?.nextSequence ?? 0, beginOf(part)];
  // One that lost its index is there, and is told of as unfinished.
  const others = unsealed.filter(({ sequence = -1 }) => sequence >= from && sequence < to);
  const last = previous === undefined ? -1 : previous.ordinal;
  if (index.ordinal !== undefined && last !== undefined) {
    const isKnown = to > from || !isUnknown(index.previousSha256);
    if (index.ordinal <= last + 1 || !isKnown) return null;
    const ordinals = range(last + 1, index.ordinal).slice(others.length);
    return ordinals.map((ordinal) => missingArchive(writer, ordinal));
  }
  if (to <= from) return null;
  if (others.length > 0) return [];
  const message = `archives with the records ${from} to ${to - 1} of writer ${writer} are missing`;
  return [{ kind: 'missing', archive: undefined, writer, ordinal: undefined, message }];
}

/** Records that are not there, though no archive is missing. */
function lostBetween(part: SealedPart, previous: PlacedPart | undefined): ArchiveProblem[] {
  const { archive, index, isIntact, writer } = part;
  const [from, to] = [previous?.nextSequence ?? 0, beginOf(part)];
  if (to <= from || !isIntact || !(previous?.isIntact ?? true)) return [];
  const message = `${archive}: records ${from} to ${to - 1} of writer ${writer} before it are missing`;
  return [{ kind: 'missing', archive, writer, ordinal: index.ordinal, message }];
}

function isSealed(part: ChainPart): part is SealedPart {
  return part.index !== undefined;
}

function missingArchive(writer: string, ordinal: number): ArchiveProblem {
  const message = `archive ${ordinal} of writer ${writer} is missing`;
  return { kind: 'missing', archive: undefined, writer, ordinal, message };
}

function unfinishedArchive({ archive, writer }: ChainPart): ArchiveProblem {
  const message = `${archive}: has no index: it was not sealed, or was cut off`;
  return { kind: 'unfinished', archive, writer, ordinal: undefined, message };
}

function unendedWriter(writer: string, { archive, ordinal }: PlacedPart): ArchiveProblem {
  const message = `${archive}: is the last of writer ${writer}, which did not end in it`;
  return { kind: 'unfinished', archive, writer, ordinal, message };
}

function otherContent({ archive, index, writer }: SealedPart, other: SealedPart): ArchiveProblem {
  const { ordinal } = index;
  const message = `${archive}: is archive ${ordinal} of writer ${writer}, as ${other.archive} is`;
  return { kind: 'altered', archive, writer, ordinal, message };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.min(to - from, MAX_NAMED) }, (_, i) => from + i);
}

/** Of a hole that an index claims, so many are named: it may claim any number. */
const MAX_NAMED = 1000;
