import type { SkippedDamage } from '../../codec/frames/skipped-damage.js';
import type { SequenceConflict } from '../../errors/conflict-error.js';
import type { SequenceGap } from '../../series/opening/sequence-gap.js';

/**
 * One archive within a file, as its writer sealed it or as far as it was written. A file holds
 * several parts if archives were concatenated.
 */
export interface ArchivePart {
  /** Offsets of the part in the uncompressed file, its index included. */
  readonly begin: number;
  readonly end: number;
  /** The writer's id, 16 hex digits; undefined for version 1. */
  readonly writer: string | undefined;
  readonly records: number;
  /**
   * The sequence of its first record, and the one after its last record; undefined if it has none.
   */
  readonly sequence: number | undefined;
  readonly nextSequence: number | undefined;
  /**
   * Whether a block in it says that sequences before it may be missing by design: its writer is
   * given its sequences. @default false
   */
  readonly hasGivenSequences?: boolean;
  /** Whether its first block says so. @default false */
  readonly followsGap?: boolean;
  /** Undefined if the part has no index. */
  readonly index: PartIndex | undefined;
}

/** The content of the index at the end of a part, and whether it is true. */
export interface PartIndex {
  /** How the index contradicts the bytes before it; undefined if it agrees with them. */
  readonly problem: string | undefined;
  /**
   * The archive's number within its writer, from 0; undefined if it was not known when it was
   * sealed.
   */
  readonly ordinal: number | undefined;
  /**
   * The digest of the writer's previous archive, 64 hex digits; zeros in the first one, or if not
   * known.
   */
  readonly previousSha256: string;
  readonly writerEnded: boolean;
  /**
   * The digest of the part's actual bytes, its index included. The writer's next archive should
   * hold it. Undefined if the bytes were not read.
   */
  readonly sha256: string | undefined;
}

/** The result of reading a whole archive. */
export interface ArchiveReport {
  /** The path of its file. */
  readonly archive: string;
  readonly format: 'frames' | 'jsonl';
  /** The uncompressed size. */
  readonly bytes: number;
  /**
   * Whether every byte was read. Otherwise only the indexes, the size and the first bytes were
   * checked, as `verifyArchives` does in stores by default.
   */
  readonly isRead: boolean;
  /** SHA-256 of the uncompressed bytes, in hex; undefined if they were not read. */
  readonly sha256: string | undefined;
  readonly records: number;
  /** How many whole, valid frames it has; 0 for JSON lines, and if it was not read. */
  readonly frames: number;
  /** Versions of the frames, in ascending order. */
  readonly versions: readonly number[];
  /** The first 1,000 damaged stretches. */
  readonly damage: readonly SkippedDamage[];
  /** How many damaged stretches there are. */
  readonly damagedStretches: number;
  /** The first 1,000 gaps in the sequences of its frames. */
  readonly gaps: readonly SequenceGap[];
  /**
   * The first 1,000 stretches of records that come after later records of their writer. A reader
   * emits them where they are.
   */
  readonly late: readonly SequenceGap[];
  /** The first 1,000 stretches of records that it holds twice. A reader emits them once. */
  readonly repeated: readonly SequenceGap[];
  /** Stretches in which it holds two different records of each identity. */
  readonly conflicts: readonly SequenceConflict[];
  /**
   * `valid`: it ends with an index, and every index in it agrees with the bytes before it.
   * `missing`: it does not end with one. `invalid`: an index contradicts the bytes before it.
   */
  readonly index: 'valid' | 'missing' | 'invalid';
  /** The first claim of an index that is not true, and the truth. */
  readonly indexProblem: string | undefined;
  /** The writer of the last sealed part, and that part's number within its writer, from 0. */
  readonly writer: string | undefined;
  readonly ordinal: number | undefined;
  /** Whether the writer ended in it, so that no archive follows it. */
  readonly writerEnded: boolean;
  readonly parts: readonly ArchivePart[];
  /**
   * Whether nothing in it is damaged or missing, and neither an index nor another record
   * contradicts it. An archive that ends
   * after a whole frame is intact even without an index, as one that is still open.
   */
  readonly isIntact: boolean;
}
