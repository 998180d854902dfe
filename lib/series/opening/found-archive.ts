import type { FileLayer, FileStatus } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { mayBeTorn, placesOf } from '../names/archive-state.js';
import type { ArchiveSource } from './archive-source.js';
import { isArchiveGone, openArchive } from './open-archive.js';

/** An archive that patterns have found, in whatever state it will be when it is read. */
export interface FoundArchive {
  /** Where it is, without the suffix of its state: its name, and its place in the order of names. */
  readonly path: string;
  /** Whether it is in a store, where looking into it costs a request. */
  readonly isStored: boolean;

  /** @throws ArchiveError with the code `ERR_ARCHIVE_GONE` where it is not there any more */
  open(): Promise<ArchiveSource>;
}

/** A file that an archive is in. */
export interface FoundFile {
  /** Whether its name says that it may end anywhere. */
  readonly isOpen: boolean;
  readonly status: FileStatus;
}

/** Finds the object that a local archive has become, by its path; undefined where there is none. */
export type FindShipped = (path: string) => Promise<FoundArchive | undefined>;

/** An archive on local disk; or in a store, where it was shipped since it was listed. */
export class LocalArchive implements FoundArchive {
  readonly path: string;
  readonly isStored = false;
  readonly #files: FileLayer;
  readonly #findShipped: FindShipped | undefined;

  constructor(path: string, files: FileLayer, findShipped?: FindShipped) {
    this.path = path;
    this.#files = files;
    this.#findShipped = findShipped;
  }

  /** The file, as it is now; null where there is none. */
  async findFile(): Promise<FoundFile | null> {
    for (const path of placesOf(this.path)) {
      const status = await findFile(path, this.#files);
      if (status !== null) return { isOpen: mayBeTorn(path), status };
    }
    return null;
  }

  async open(): Promise<ArchiveSource> {
    try {
      return await openArchive(this.path, this.#files);
    } catch (error) {
      const shipped = isArchiveGone(error) ? await this.#findShipped?.(this.path) : undefined;
      if (shipped === undefined) throw error;
      return await shipped.open();
    }
  }
}
