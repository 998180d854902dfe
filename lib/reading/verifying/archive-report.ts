import type { SkippedDamage } from '../../codec/frames/skipped-damage.js';
import type { SequenceGap } from '../../series/opening/sequence-gap.js';

/**
 * An archive as one writer sealed it, or what there is of one that is not sealed. A file holds several
 * where archives were concatenated.
 */
export interface ArchivePart {
  /** Where in the file it is: bytes, uncompressed, its index included. */
  readonly begin: number;
  readonly end: number;
  /** 16 hex digits. Undefined for version 1. */
  readonly writer: string | undefined;
  readonly records: number;
  /** Of its first record, and of that behind its last one. Undefined where it has none. */
  readonly sequence: number | undefined;
  readonly nextSequence: number | undefined;
  /** What its index says; undefined where there is none. */
  readonly index: PartIndex | undefined;
}

/** What the index at the end of a part says, and whether that is so. */
export interface PartIndex {
  /** Why it does not agree with the bytes before it; undefined where it does. */
  readonly problem: string | undefined;
  /** Undefined where who sealed it did not know. */
  readonly ordinal: number | undefined;
  /** Of the writer's previous archive; 64 hex digits, zeros in the first one, and where it is not known. */
  readonly previousSha256: string;
  readonly writerEnded: boolean;
  /** Of the bytes of the part as they are, the index included: what the next archive holds. */
  readonly sha256: string;
}

/** What was found in an archive that was read whole. */
export interface ArchiveReport {
  /** Its path. */
  readonly archive: string;
  readonly format: 'frames' | 'jsonl';
  /** Uncompressed. */
  readonly bytes: number;
  /** Of all these bytes, in hex. */
  readonly sha256: string;
  readonly records: number;
  /** Whole and valid; lines are not counted. */
  readonly frames: number;
  /** Versions of the frames, in ascending order. */
  readonly versions: readonly number[];
  /** The first 1,000 stretches of it. */
  readonly damage: readonly SkippedDamage[];
  /** How many stretches there are. */
  readonly damagedStretches: number;
  /** Sequences that are missing between the frames: the first 1,000. */
  readonly gaps: readonly SequenceGap[];
  /** Whether it ends with an index, and every index in it agrees with the bytes before it. */
  readonly index: 'valid' | 'missing' | 'invalid';
  /** What an index that is invalid says, and what there is. */
  readonly indexProblem: string | undefined;
  /** By the last index, where there is one: who wrote it, and which of the writer's archives it is. */
  readonly writer: string | undefined;
  readonly ordinal: number | undefined;
  /** Whether the writer ended in it, so that no archive follows. */
  readonly writerEnded: boolean;
  readonly parts: readonly ArchivePart[];
  /**
   * Whether nothing in it is damaged, missing or at odds with an index. An archive that was cut off where a
   * frame ends, as one that is still open, is intact, and its index is missing.
   */
  readonly isIntact: boolean;
}
