import { basename, resolve } from 'node:path';

import type { FileLayer, FileStatus } from '../../files/file-layer.js';
import { isMissing } from '../../files/system-error.js';
import { mayBeTorn, possiblePathsOf } from '../../series/names/archive-state.js';
import { laterNameMatcher } from '../../series/names/later-name.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';
import { ArchiveProgress } from '../archives/archive-progress.js';

/** A local archive, and how far it was read. */
export interface FollowedArchive {
  readonly archive: FoundArchive;
  readonly progress: ArchiveProgress;
}

/** The later places and states of archives that were read. */
export interface ChangedArchives {
  /** To be read on, or, if there is another file now, to be read from its start. */
  readonly changed: readonly FollowedArchive[];
  /** Whether one that might have grown is gone, so that it may be elsewhere. */
  readonly hasVanished: boolean;
}

/** The parts of an archive that were read at another place. */
export interface EarlierReads {
  /** From the same file. */
  readonly moved: ArchiveProgress | undefined;
  /** Of archives without sequences that may be the same: their first bytes show it. */
  readonly possible: readonly ArchiveProgress[];
}

/** How often an archive that has vanished is looked for at its path. */
const MOST_LOOKS = 10;

/** The local archives that a follower has read, by the files that they were then. */
export class FollowedArchives {
  readonly #files: FileLayer;
  readonly #byPath = new Map<string, FollowedArchive>();
  /** Those that may have grown since, and how often each was looked for in vain. */
  readonly #growing = new Map<FollowedArchive, number>();

  /** By device and number. */
  readonly #byFile = new Map<string, FollowedArchive>();
  /** Those without sequences, by name. They may get another name, or come from a store. */
  readonly #marked = new Map<string, Set<FollowedArchive>>();

  constructor(files: FileLayer) {
    this.#files = files;
  }

  /** How many archives may grow. */
  get growing(): number {
    return this.#growing.size;
  }

  /** Whether there was an archive at this absolute path. */
  has(path: string): boolean {
    return this.#byPath.has(path);
  }

  /** Call this after an archive was read to its end. */
  note(followed: FollowedArchive): void {
    const path = resolve(followed.archive.path);
    const before = this.#byPath.get(path);
    if (before !== undefined) this.#growing.delete(before);
    this.#byPath.set(path, followed);
    const { file, isMarked, mayGrow } = followed.progress;
    if (mayGrow) this.#growing.set(followed, 0);
    if (file !== undefined) this.#byFile.set(keyOf(file), followed);
    if (!isMarked) return;
    const name = basename(path);
    const namesakes = this.#marked.get(name) ?? new Set();
    this.#marked.set(name, namesakes.add(followed));
  }

  /**
   * The archives whose files have changed since they were read.
   *
   * @param paths to look at; all that may grow if undefined
   */
  async takeChanged(paths: ReadonlySet<string> | undefined): Promise<ChangedArchives> {
    const known = paths === undefined ? [...this.#growing.keys()] : this.#at(paths);
    const changed: FollowedArchive[] = [];
    let hasVanished = false;
    for (const followed of known) {
      const { archive, progress } = followed;
      const found = await this.#findFile(archive);
      if (found === null) {
        hasVanished = this.#noteVanished(followed) || hasVanished;
      } else if (!isSameFile(progress, found.status)) {
        changed.push({ archive, progress: new ArchiveProgress() });
      } else if (hasGrown(progress, found)) {
        changed.push(followed);
      }
    }
    return { changed, hasVanished };
  }

  /**
   * The parts of an archive that were read at another place. Its file shows whether it was moved; otherwise it
   * may be an archive without sequences of the same name, or of one with its tokens replaced.
   */
  async findEarlier(archive: FoundArchive): Promise<EarlierReads> {
    const now = archive.isStored ? null : await this.#findFile(archive);
    const sameFile = now === null ? undefined : this.#byFile.get(keyOf(now.status));
    if (sameFile !== undefined && (await this.#hasLeft(sameFile))) {
      return { moved: sameFile.progress, possible: [] };
    }
    const possible: ArchiveProgress[] = [];
    for (const followed of this.#mayBecome(basename(archive.path))) {
      // An object is a copy of the archive of its name.
      const isCopy = archive.isStored || (await this.#hasLeft(followed));
      if (isCopy) possible.push(followed.progress);
    }
    return { moved: undefined, possible };
  }

  /** Whether an archive is no longer at its path, or another file has taken it. */
  async #hasLeft({ archive, progress }: FollowedArchive): Promise<boolean> {
    const there = await this.#findFile(archive);
    return there === null || !isSameFile(progress, there.status);
  }

  /** The archives without sequences that may get this name. */
  #mayBecome(name: string): FollowedArchive[] {
    const found: FollowedArchive[] = [];
    for (const [before, followed] of this.#marked) {
      const isPossible =
        before === name || (before.includes('[[') && laterNameMatcher(before)(name));
      if (isPossible) found.push(...followed);
    }
    return found;
  }

  #at(paths: ReadonlySet<string>): FollowedArchive[] {
    return [...paths].flatMap((path) => this.#byPath.get(path) ?? []);
  }

  /** Whether the archive might have grown, and is missed for the first time. */
  #noteVanished(followed: FollowedArchive): boolean {
    const looks = this.#growing.get(followed);
    if (looks === undefined) return false;
    if (looks + 1 < MOST_LOOKS) this.#growing.set(followed, looks + 1);
    else this.#growing.delete(followed);
    return looks === 0;
  }

  /** Follows links, as the reader does. Tries every path twice: the archive may change its state. */
  async #findFile({ path }: FoundArchive): Promise<FileNow | null> {
    for (const possible of [...possiblePathsOf(path), ...possiblePathsOf(path)]) {
      try {
        return { isOpen: mayBeTorn(possible), status: await this.#files.stat(possible) };
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    return null;
  }
}

interface FileNow {
  readonly isOpen: boolean;
  readonly status: FileStatus;
}

function isSameFile({ file }: ArchiveProgress, { dev, ino }: FileStatus): boolean {
  return file !== undefined && file.dev === dev && file.ino === ino;
}

function hasGrown(progress: ArchiveProgress, { isOpen, status }: FileNow): boolean {
  if (!progress.mayGrow) return false;
  return status.size !== progress.size || isOpen !== progress.isOpen;
}

function keyOf({ dev, ino }: Pick<FileStatus, 'dev' | 'ino'>): string {
  return `${dev} ${ino}`;
}
