import type { ArchivePart, PartIndex } from './archive-report.js';

/** A reason why a series is not complete. */
export interface ArchiveProblem {
  /**
   * `missing`: an archive, or records between two archives, do not exist. `altered`: an
   * archive's digest differs from the one that its writer's next archive holds. `unfinished`: an
   * archive was not sealed. `damaged`: an archive is not intact. `conflict`: other records with the
   * same identities are in another archive. `misnamed`: an archive's name is that of another one of
   * the series, as if the two were exchanged. `skipped`: an object's key cannot be read. `unlisted`:
   * no manifest lists the object.
   */
  readonly kind:
    | 'missing'
    | 'altered'
    | 'unfinished'
    | 'damaged'
    | 'conflict'
    | 'misnamed'
    | 'skipped'
    | 'unlisted';
  /** The path of the archive; undefined if the archive is missing. */
  readonly archive: string | undefined;
  /** 16 hex digits. */
  readonly writer: string | undefined;
  /** The archive's number within its writer, from 0; undefined if it is not known. */
  readonly ordinal: number | undefined;
  readonly message: string;
}

/** A part of version 2, which belongs to the chain of its writer. */
export interface ChainPart extends ArchivePart {
  readonly writer: string;
  /** The path of the file that holds the part. */
  readonly archive: string;
  readonly isIntact: boolean;
}

export interface SealedPart extends ChainPart {
  readonly index: PartIndex;
}

export function beginOf({ nextSequence, sequence }: ChainPart): number {
  return sequence ?? nextSequence ?? 0;
}

/**
 * Whether a digest is all zeros: the writer had no previous archive, or did not know its digest.
 */
export function isUnknown(sha256: string): boolean {
  return /^0*$/.test(sha256);
}

export function isSealed(part: ChainPart): part is SealedPart {
  return part.index !== undefined;
}

export function missingArchive(writer: string, ordinal: number): ArchiveProblem {
  const message = `archive ${ordinal} of writer ${writer} is missing`;
  return { kind: 'missing', archive: undefined, writer, ordinal, message };
}

export function unfinishedArchive({ archive, writer }: ChainPart): ArchiveProblem {
  const message = `${archive}: has no index: it was not sealed, or was cut off`;
  return { kind: 'unfinished', archive, writer, ordinal: undefined, message };
}

export function alteredArchive(
  { archive, writer }: ChainPart,
  ordinal: number | undefined,
  problem: string,
): ArchiveProblem {
  return { kind: 'altered', archive, writer, ordinal, message: `${archive}: ${problem}` };
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.min(to - from, MAX_NAMED) }, (_, i) => from + i);
}

/** How many missing archives are named: a forged index may claim any number. */
const MAX_NAMED = 1000;
