import type { ShippableArchive, ShippedArchive } from '../rolling/archive-shipper.js';
import type { FileStatus } from '../storage/file-layer.js';
import type { LeftArchive } from './left-archives.js';

/** An archive that is not in the store, or whose local file is not settled yet. */
export interface WaitingArchive {
  /** A `LeftArchive` until it has been read. */
  archive: LeftArchive | ShippableArchive;
  /** Whether it was found in the directory: then it may have another owner beside this one. */
  readonly isAdopted: boolean;
  /** Set once the store has confirmed it. */
  sent: SentArchive | undefined;
  /** How often it has failed, and why the last time. */
  failures: number;
  error: unknown;
  /** Whether the last failure was one that trying again does not mend. */
  isStuck: boolean;
  /** Whether it waits for a timer, and not for its turn. */
  isPaused: boolean;
  /** Whether its file was gone when its turn came. */
  isGone: boolean;
}

export interface SentArchive {
  readonly shipped: ShippedArchive;
  /** The local file as it was before it was read; null where it was gone. */
  readonly file: FileStatus | null;
}

/** An archive that waits for its first turn: one that was just sealed, or one that was left behind. */
export function createWaitingArchive(archive: LeftArchive | ShippableArchive): WaitingArchive {
  return {
    archive,
    isAdopted: !('sha256' in archive),
    sent: undefined,
    failures: 0,
    error: undefined,
    isStuck: false,
    isPaused: false,
    isGone: false,
  };
}
