import type { FileLayer } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { mayBeTorn, possiblePathsOf } from '../names/archive-state.js';
import type { ArchiveSource } from './archive-source.js';
import type { ArchiveIdentity, FoundArchive, FoundFile } from './found-archive.js';
import { isArchiveGone, type LastState, openArchive } from './open-archive.js';
import { WholeSource } from './whole-source.js';

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
  readonly #last: LastState | undefined;
  #identity: ArchiveIdentity | undefined;
  #kept: ArchiveSource | undefined;

  /** @param last of the archives of its series */
  constructor(path: string, files: FileLayer, findMoved?: FindMoved, last?: LastState) {
    this.path = path;
    this.#files = files;
    this.#findMoved = findMoved;
    this.#last = last;
  }

  keep(source: ArchiveSource): void {
    this.#kept = source;
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
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) return kept;
    try {
      return await openArchive(this.path, this.#files, this.#last);
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
    if (isEmpty) return new WholeSource(this.path, Buffer.alloc(0), 'open');
    throw gone;
  }
}
