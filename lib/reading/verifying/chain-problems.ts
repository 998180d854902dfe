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
import { runProblems } from './run-problems.js';

interface NumberedPart extends SealedPart {
  /** From its index, or one more than that of the part before it; undefined without either. */
  readonly ordinal: number | undefined;
}

/**
 * The problems in the chains of all writers. A complete chain runs from ordinal 0 to the writer's
 * last archive, and each archive holds the digest of the one before it.
 */
export function chainProblems(parts: readonly ChainPart[]): ArchiveProblem[] {
  const writers = new Map<string, ChainPart[]>();
  for (const part of parts) {
    const own = writers.get(part.writer);
    if (own === undefined) writers.set(part.writer, [part]);
    else own.push(part);
  }
  return [...writers].flatMap(([writer, own]) => {
    if (own.some(({ hasGivenSequences }) => hasGivenSequences)) return runProblems(writer, own);
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
  let previous: NumberedPart | undefined;
  for (const part of inOrder(sealed)) {
    if (previous !== undefined && isRepeat(part, previous)) {
      // The same archive twice is fine, for example raw in one directory and compressed in another.
      if (hasOtherContent(part, previous)) {
        const { ordinal } = part.index;
        const problem = `is archive ${ordinal} of writer ${writer}, but so is ${previous.archive}`;
        problems.push(alteredArchive(part, ordinal, problem));
      }
      continue;
    }
    problems.push(...linkProblems(part, previous, unsealed));
    previous = { ...part, ordinal: part.index.ordinal ?? ordinalAfter(previous, part) };
  }
  return problems;
}

/** Sorted by ordinal; parts without one are inserted by their sequences. */
function inOrder(sealed: readonly SealedPart[]): SealedPart[] {
  const ordered = sealed.filter(({ index }) => index.ordinal !== undefined);
  ordered.sort((a, b) => (a.index.ordinal ?? 0) - (b.index.ordinal ?? 0));
  const others = sealed.filter(({ index }) => index.ordinal === undefined);
  for (const part of others.sort((a, b) => beginOf(a) - beginOf(b))) {
    const next = ordered.findIndex((other) => beginOf(other) > beginOf(part));
    ordered.splice(next === -1 ? ordered.length : next, 0, part);
  }
  return ordered;
}

/**
 * Whether `part` is the archive `previous` again, or holds only records that `previous` holds too.
 */
function isRepeat(part: SealedPart, previous: SealedPart): boolean {
  const { ordinal, sha256 } = part.index;
  if (sha256 !== undefined && sha256 === previous.index.sha256) return true;
  if (ordinal !== undefined) return ordinal === previous.index.ordinal;
  return (part.nextSequence ?? 0) <= (previous.nextSequence ?? 0);
}

function hasOtherContent(part: SealedPart, previous: SealedPart): boolean {
  const { ordinal, sha256 } = part.index;
  if (ordinal === undefined) return false;
  const areRead = sha256 !== undefined && previous.index.sha256 !== undefined;
  if (areRead) return sha256 !== previous.index.sha256;
  return part.sequence !== previous.sequence || part.nextSequence !== previous.nextSequence;
}

/**
 * The ordinal of a part that follows `previous` without missing records; undefined if some are
 * missing.
 */
function ordinalAfter(previous: NumberedPart | undefined, part: SealedPart): number | undefined {
  if (beginOf(part) > (previous?.nextSequence ?? 0)) return undefined;
  if (previous === undefined) return 0;
  return previous.ordinal === undefined ? undefined : previous.ordinal + 1;
}

/** The problems between a part and the one before it. */
function linkProblems(
  part: SealedPart,
  previous: NumberedPart | undefined,
  unsealed: readonly ChainPart[],
): ArchiveProblem[] {
  const missing = missingBetween(part, previous, unsealed);
  if (missing !== null) return missing;
  const { archive, index, writer } = part;
  const { ordinal, previousSha256 } = index;
  const problems: ArchiveProblem[] = [];
  if (previous?.index.writerEnded) {
    const problem = `says that writer ${writer} ended, but ${archive} follows`;
    problems.push(alteredArchive(previous, previous.ordinal, problem));
  }
  if (previous === undefined && ordinal === 0 && !isUnknown(previousSha256)) {
    const problem = `the first archive of writer ${writer} names one before it`;
    problems.push(alteredArchive(part, ordinal, problem));
  }
  const sha256 = previous?.index.sha256;
  // A damaged archive has another digest anyway, and is already reported as damaged.
  const isKnown = sha256 !== undefined && !isUnknown(previousSha256);
  if (previous?.isIntact && isKnown && previousSha256 !== sha256) {
    const problem = `its SHA-256 is ${sha256}, ${archive} has ${previousSha256}`;
    problems.push(alteredArchive(previous, previous.ordinal, problem));
  }
  return [...problems, ...lostBetween(part, previous)];
}

/**
 * The archives that are missing between two parts: by ordinals if both parts have one, else by
 * sequences. A writer that did not know its previous archive may have numbered one that was never written;
 * then only sequences show whether an archive is missing.
 *
 * @returns null if the two parts follow each other
 */
function missingBetween(
  part: SealedPart,
  previous: NumberedPart | undefined,
  unsealed: readonly ChainPart[],
): ArchiveProblem[] | null {
  const { index, writer } = part;
  const [from, to] = [previous?.nextSequence ?? 0, beginOf(part)];
  // An archive that lost its index exists, and is already reported as unfinished.
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

/** Records that are missing between two parts that follow each other. */
function lostBetween(part: SealedPart, previous: NumberedPart | undefined): ArchiveProblem[] {
  const { archive, index, isIntact, writer } = part;
  const [from, to] = [previous?.nextSequence ?? 0, beginOf(part)];
  if (to <= from || !isIntact || !(previous?.isIntact ?? true)) return [];
  const records = `records ${from} to ${to - 1} of writer ${writer}`;
  const message = `${archive}: ${records} before it are missing`;
  return [{ kind: 'missing', archive, writer, ordinal: index.ordinal, message }];
}
