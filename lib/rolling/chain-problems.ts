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
  const chain = [...sealed].sort((a, b) => a.index.ordinal - b.index.ordinal);
  let previous: SealedPart | undefined;
  for (const part of chain) {
    if (previous?.index.ordinal === part.index.ordinal) {
      // The same archive twice, say raw and in another directory, is no harm.
      if (previous.index.sha256 !== part.index.sha256) problems.push(otherContent(part, previous));
      continue;
    }
    problems.push(...linkProblems(part, previous, unsealed));
    previous = part;
  }
  if (previous !== undefined && !previous.index.writerEnded && unsealed.length === 0) {
    problems.push(unendedWriter(writer, previous));
  }
  return problems;
}

/** What is wrong between an archive and the one before it. */
function linkProblems(
  part: SealedPart,
  previous: SealedPart | undefined,
  unsealed: readonly ChainPart[],
): ArchiveProblem[] {
  const { archive, index, writer } = part;
  const expected = previous === undefined ? 0 : previous.index.ordinal + 1;
  const from = previous?.nextSequence ?? 0;
  const to = part.sequence ?? part.nextSequence ?? from;
  if (index.ordinal > expected) {
    // One that lost its index is there, and is told of as unfinished.
    const others = unsealed.filter(({ sequence = -1 }) => sequence >= from && sequence < to);
    const ordinals = range(expected, index.ordinal).slice(others.length);
    return ordinals.map((ordinal) => missingArchive(writer, ordinal));
  }
  const problems: ArchiveProblem[] = [];
  const facts = { writer, ordinal: index.ordinal };
  if (previous?.index.writerEnded) {
    const message = `${previous.archive}: says that writer ${writer} ended, but ${archive} follows`;
    const { ordinal } = previous.index;
    problems.push({ kind: 'altered', archive: previous.archive, writer, ordinal, message });
  }
  const known = previous?.index.sha256 ?? '0'.repeat(index.previousSha256.length);
  // What is damaged has another digest, of course: that it is damaged is told already.
  if (index.previousSha256 !== known && (previous?.isIntact ?? true)) {
    const altered = previous ?? part;
    const message =
      previous === undefined
        ? `${archive}: the first archive of writer ${writer} names one before it`
        : `${altered.archive}: its SHA-256 is ${known}, ${archive} has ${index.previousSha256}`;
    const ordinal = altered.index.ordinal;
    problems.push({ kind: 'altered', archive: altered.archive, writer, ordinal, message });
  }
  if (to > from && part.isIntact && (previous?.isIntact ?? true)) {
    const message = `${archive}: records ${from} to ${to - 1} of writer ${writer} before it are missing`;
    problems.push({ kind: 'missing', archive, ...facts, message });
  }
  return problems;
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

function unendedWriter(writer: string, { archive, index }: SealedPart): ArchiveProblem {
  const { ordinal } = index;
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
