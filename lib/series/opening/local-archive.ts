import type { FileLayer } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { mayBeTorn, possiblePathsOf } from '../names/archive-state.js';
import type { ArchiveSource } from './archive-source.js';
import type { FoundArchive, FoundFile } from './found-archive.js';
import { isArchiveGone, openArchive } from './open-archive.js';

/** Finds the object that a local archive was shipped as, by the archive's path. */
export type FindShipped = (path: string) => Promise<FoundArchive | undefined>;

/** An archive on local disk. If it was shipped after it was listed, it opens the object instead. */
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

  async findFile(): Promise<FoundFile | null> {
    for (const path of possiblePathsOf(this.path)) {
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
