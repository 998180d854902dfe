import type { FileStatus } from '../../files/file-layer.js';
import type { ArchiveSource, FileNumber } from './archive-source.js';

/** An archive that a pattern matched. It may change its state until it is opened. */
export interface FoundArchive {
  /** Its path without the suffix of its state, by which archives are ordered by name. */
  readonly path: string;
  /** Whether it is in a store, where each look costs a request. */
  readonly isStored: boolean;

  /** The local file as it is now; null if there is none, as for every archive in a store. */
  findFile(): Promise<FoundFile | null>;

  /**
   * @param first what the caller reads first. An object of a store is opened with a request for its
   *   end, or without one for its end if that is cached. @default 'start'
   * @throws ArchiveError with the code `ERR_ARCHIVE_GONE` if the archive no longer exists
   */
  open(first?: 'start' | 'end'): Promise<ArchiveSource>;

  /** Keeps the whole archive, which was read with its head, for the next `open`. */
  keep?(source: ArchiveSource): void;

  /** Keeps what the archive is recognised by, once its head was read. */
  remember?(identity: ArchiveIdentity): void;
}

/** What an archive is recognised by, wherever it goes and whatever it is called. */
export interface ArchiveIdentity {
  /** Its first block; undefined without sequences, or if it has no block yet. */
  readonly start: { readonly writer: string; readonly sequence: number } | undefined;
  /** Without a first block, its first bytes, uncompressed; empty if it has no whole header yet. */
  readonly head: Uint8Array;
  /** The file's device and number; undefined in a store, or if they were not asked for. */
  readonly file: FileNumber | undefined;
  readonly isCompressed: boolean;
}

/** The file of a local archive. */
export interface FoundFile {
  /** Whether its name says that the archive is still written, so that it may end anywhere. */
  readonly isOpen: boolean;
  readonly status: FileStatus;
}
