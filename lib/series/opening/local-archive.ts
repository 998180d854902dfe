import type { FileLayer } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { mayBeTorn, possiblePathsOf } from '../names/archive-state.js';
import type { ArchiveSource } from './archive-source.js';
import type { ArchiveIdentity, FoundArchive, FoundFile } from './found-archive.js';
import { isArchiveGone, openArchive } from './open-archive.js';

/**
 * Finds an archive that has left the path at which it was listed.
 *
 * @param identity undefined if the archive was not read before it vanished
 */
export type FindMoved = (
  path: string,
  identity: ArchiveIdentity | undefined,
) => Promise<FoundArchive | undefined>;

/** How often an archive is followed that moves again before it can be opened. */
const MOST_MOVES = 10;

/**
 * An archive on local disk. If it was sealed under another name, moved or shipped after it was
 * listed, it opens the file or object that it is now.
 */
export class LocalArchive implements FoundArchive {
  readonly path: string;
  readonly isStored = false;
  readonly #files: FileLayer;
  readonly #findMoved: FindMoved | undefined;
  #identity: ArchiveIdentity | undefined;

  constructor(path: string, files: FileLayer, findMoved?: FindMoved) {
    this.path = path;
    this.#files = files;
    this.#findMoved = findMoved;
  }

  remember(identity: ArchiveIdentity): void {
    this.#identity = identity;
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
      if (!isArchiveGone(error)) throw error;
      return await this.#openMoved(error);
    }
  }

  async #openMoved(gone: unknown): Promise<ArchiveSource> {
    for (let moves = 0; moves < MOST_MOVES; moves++) {
      const moved = await this.#findMoved?.(this.path, this.#identity);
      if (moved === undefined) break;
      try {
        return moved instanceof LocalArchive
          ? await openArchive(moved.path, this.#files)
          : await moved.open();
      } catch (error) {
        if (!isArchiveGone(error)) throw error;
      }
    }
    // It had no record when it was listed, and so holds none that the caller must read.
    const identity = this.#identity;
    const isEmpty = identity?.start === undefined && identity?.head.length === 0;
    if (isEmpty) return new EmptySource(this.path);
    throw gone;
  }
}

/** An archive that had no bytes when it was listed, and is gone. */
class EmptySource implements ArchiveSource {
  readonly path: string;
  readonly isOpen = true;

  constructor(path: string) {
    this.path = path;
  }

  async size(): Promise<number> {
    return 0;
  }

  async read(): Promise<Buffer> {
    return Buffer.alloc(0);
  }

  async *stream(): AsyncGenerator<Buffer> {
    // There is nothing.
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}
