import { SequenceRanges } from '../sequences/sequence-ranges.js';
import {
  type ArchiveProblem,
  alteredArchive,
  beginOf,
  type ChainPart,
  isSealed,
  isUnknown,
  missingArchive,
  range,
  type SealedPart,
  unfinishedArchive,
} from './chain-part.js';

/**
 * The problems in the chains of a writer that is given its sequences (docs/format.md, "Given
 * sequences"). Each of its runs has a chain of its own, from ordinal 0 on. Runs may overlap, and
 * are joined by their sequences: an archive is not missing if other runs hold its records.
 */
export function runProblems(writer: string, parts: readonly ChainPart[]): ArchiveProblem[] {
  const runs = new WriterRuns(writer, parts);
  const unfinished = parts.filter((part) => !isSealed(part)).map((part) => unfinishedArchive(part));
  return [...unfinished, ...runs.sealed.flatMap((part) => runs.problemsBefore(part))];
}

/** Whether a writer that is given its sequences may have written more than all of its parts. */
export function mayHaveMore(parts: readonly ChainPart[]): boolean {
  return parts.some((part) => {
    const end = part.nextSequence ?? 0;
    if (part.index?.writerEnded === true) return false;
    return !parts.some((other) => {
      // Another archive continues where this one ends.
      if (beginOf(other) <= end && (other.nextSequence ?? 0) > end) return true;
      return beginOf(other) >= end && mayFollow(other, part);
    });
  });
}

/** Whether an archive may be the next one of a run. */
function mayFollow({ index }: ChainPart, previous: ChainPart): boolean {
  if (index === undefined || previous.index === undefined) return false;
  const { ordinal, sha256 } = previous.index;
  if (sha256 !== undefined) return index.previousSha256 === sha256;
  return index.ordinal !== undefined && ordinal !== undefined && index.ordinal === ordinal + 1;
}

class WriterRuns {
  /** Without copies. */
  readonly sealed: readonly SealedPart[];
  readonly #writer: string;
  readonly #bySha256: ReadonlyMap<string | undefined, SealedPart>;
  readonly #unsealed: readonly ChainPart[];
  readonly #followed: ReadonlySet<string>;
  readonly #held = new SequenceRanges();

  constructor(writer: string, parts: readonly ChainPart[]) {
    this.#writer = writer;
    this.#bySha256 = new Map(parts.filter(isSealed).map((part) => [part.index.sha256, part]));
    const distinct = new Map(parts.filter(isSealed).map((part) => [identityOf(part), part]));
    this.sealed = [...distinct.values()].sort((a, b) => beginOf(a) - beginOf(b));
    this.#unsealed = parts.filter((part) => !isSealed(part));
    this.#followed = new Set(this.sealed.map(({ index }) => index.previousSha256));
    for (const part of parts) {
      const { nextSequence: end, sequence: begin } = part;
      if (begin !== undefined && end !== undefined && begin < end) this.#held.add({ begin, end });
    }
  }

  problemsBefore(part: SealedPart): ArchiveProblem[] {
    const { archive, index, writer } = part;
    if (isUnknown(index.previousSha256)) return this.#missingBefore(part);
    if (index.ordinal === 0) {
      const problem = `the first archive of a run of writer ${writer} names one before it`;
      return [alteredArchive(part, 0, problem)];
    }
    const previous = this.#bySha256.get(index.previousSha256);
    if (previous === undefined) return this.#withoutPrevious(part);
    if (previous.index.writerEnded) {
      const problem = `says that a run of writer ${writer} ended, but ${archive} follows`;
      return [alteredArchive(previous, previous.index.ordinal, problem)];
    }
    return part.isIntact && previous.isIntact ? this.#missingBefore(part) : [];
  }

  /** Unless the first block follows a gap by design, some archive holds the record before it. */
  #missingBefore(part: SealedPart): ArchiveProblem[] {
    const end = beginOf(part);
    const isHeld = end === 0 || this.#held.has({ begin: end - 1, end });
    if (part.followsGap === true || isHeld) return [];
    const { archive, index, writer } = part;
    const message = `${archive}: record ${end - 1} of writer ${writer} before it is missing`;
    return [{ kind: 'missing', archive, writer, ordinal: index.ordinal, message }];
  }

  /** No archive has the digest that a part names. */
  #withoutPrevious(part: SealedPart): ArchiveProblem[] {
    const { archive, index } = part;
    const { ordinal = 1, previousSha256 } = index;
    const before = this.#lastBefore(part);
    const isNext = before?.index.ordinal === ordinal - 1;
    if (isNext && this.#mayBeNext(before, part)) {
      // A damaged archive has another digest anyway, and is already reported as damaged.
      if (!before.isIntact) return [];
      if (before.index.sha256 === undefined) return this.#missingBefore(part);
      const problem = `its SHA-256 is ${before.index.sha256}, ${archive} has ${previousSha256}`;
      return [alteredArchive(before, before.index.ordinal, problem)];
    }
    const end = beginOf(part);
    const begin = before?.nextSequence ?? this.#firstBefore(end);
    if (begin !== undefined && (begin >= end || this.#held.has({ begin, end }))) return [];
    const others = this.#unsealed.filter(
      ({ sequence = -1 }) => sequence >= (begin ?? 0) && sequence < end,
    );
    return range(isNext ? ordinal - 1 : (before?.index.ordinal ?? -1) + 1, ordinal)
      .slice(others.length)
      .map((missing) => missingArchive(this.#writer, missing));
  }

  /**
   * Whether nothing lies between two archives. Otherwise they may be of two runs, each of which has
   * lost the archive beside the other's.
   */
  #mayBeNext(before: SealedPart, part: SealedPart): boolean {
    const begin = before.nextSequence ?? 0;
    const end = beginOf(part);
    if (begin !== end) {
      return part.followsGap === true && this.#held.within({ begin, end }).length === 0;
    }
    return !this.sealed.some((other) => other !== before && this.#mayHaveLost(other, part));
  }

  /**
   * Whether an archive may be the last one that is left of the run of `part` before it: those
   * between were lost, and other runs hold their records. A run that takes up lost records ends just
   * before the next archive that is there, so that its last archive looks like the one before `part`.
   */
  #mayHaveLost({ index, nextSequence: begin = 0 }: SealedPart, part: SealedPart): boolean {
    const end = beginOf(part);
    return (
      !index.writerEnded &&
      index.ordinal !== undefined &&
      index.ordinal < (part.index.ordinal ?? 1) - 1 &&
      (index.sha256 === undefined || !this.#followed.has(index.sha256)) &&
      begin < end &&
      this.#held.has({ begin, end })
    );
  }

  /** The first sequence of all runs, if it is below `end`: a run may have lost all that it began with. */
  #firstBefore(end: number): number | undefined {
    const [first] = this.sealed;
    return first !== undefined && beginOf(first) < end ? beginOf(first) : undefined;
  }

  /** The archive of a lower ordinal that may be the last one before `part` in its run. */
  #lastBefore(part: SealedPart): SealedPart | undefined {
    const { ordinal = 1 } = part.index;
    let last: SealedPart | undefined;
    for (const other of this.sealed) {
      const { index, nextSequence = 0 } = other;
      const isPossible =
        index.ordinal !== undefined &&
        index.ordinal < ordinal &&
        nextSequence <= beginOf(part) &&
        !index.writerEnded &&
        (index.sha256 === undefined || !this.#followed.has(index.sha256));
      if (isPossible && (last?.index.ordinal ?? -1) <= (index.ordinal ?? 0)) last = other;
    }
    return last;
  }
}

/** The same for copies of one archive. Its digest is there only if all of it was read. */
function identityOf({ index, nextSequence, sequence }: SealedPart): string {
  const { ordinal, previousSha256, sha256 } = index;
  return sha256 ?? `${ordinal} ${previousSha256} ${sequence} ${nextSequence}`;
}
