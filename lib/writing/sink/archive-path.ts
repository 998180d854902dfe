import { join } from 'node:path';

import type { FileLayer, FileStatus, OpenFile } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { isSameFile } from '../../files/same-file.js';
import { isMissing, systemCodeOf } from '../../files/system-error.js';
import { takeName, unlinkIfThere } from '../../files/take-name.js';
import { alternativeName } from '../../series/names/alternative-name.js';
import { OPEN_SUFFIX, STALE_SUFFIX } from '../../series/names/archive-state.js';
import { type ArchiveLease, takeLease } from './archive-lease.js';
import { FileFaultError } from './file-fault.js';

/**
 * Where the file of an archive is: its name, its lease, and the directory they are in. No file is ever
 * overwritten: where a name is taken, the archive gets `-1`, `-2`, … before its extension.
 */
export class ArchivePath {
  /** The archive's name while open, without `.open`. */
  readonly name: string;
  readonly #directory: string;
  readonly #files: FileLayer;
  readonly #lease: ArchiveLease;
  readonly #directoryStatus: FileStatus;
  readonly #file: OpenFile;
  #fileStatus: FileStatus | undefined;
  #isNameSynced = false;
  #movedTo: string | undefined;
  /** What is called `NAME.open` from then on may be another's, with the inode that this file had. */
  #isReleased = false;

  /** Creates `NAME.open`, and takes its lease. */
  static async create(
    directory: string,
    name: string,
    files: FileLayer,
  ): Promise<{ readonly place: ArchivePath; readonly file: OpenFile }> {
    const status = await files.stat(directory);
    for (let n = 0; ; n++) {
      const candidate = n === 0 ? name : alternativeName(name, n);
      const openPath = join(directory, candidate + OPEN_SUFFIX);
      try {
        if (await exists(join(directory, candidate), files)) continue;
        // Another's, which is to get this name when it is recovered.
        if (await exists(join(directory, candidate + STALE_SUFFIX), files)) continue;
        // Before the file: without its lease somebody else would take it for left behind.
        const lease = await takeLease(openPath, files);
        if (lease === null) continue;
        try {
          const file = await files.open(openPath, 'wx+');
          return {
            place: new ArchivePath(directory, candidate, { file, files, lease, status }),
            file,
          };
        } catch (error) {
          await release(lease);
          throw error;
        }
      } catch (error) {
        if (systemCodeOf(error) !== 'EEXIST') throw error;
      }
    }
  }

  private constructor(directory: string, name: string, created: CreatedFile) {
    this.name = name;
    this.#directory = directory;
    this.#file = created.file;
    this.#files = created.files;
    this.#lease = created.lease;
    this.#directoryStatus = created.status;
  }

  /** Where the file is until it is sealed. */
  get openPath(): string {
    return join(this.#directory, this.name + OPEN_SUFFIX);
  }

  /**
   * Who recovers an archive renames it before reading it. So what was synced before this check is in what
   * they read; and what comes after it is not promised to anyone.
   *
   * @throws FileFaultError when the file is not where it was: `taken`, or `suspect` when all of the
   *   directory is another one
   */
  async check(): Promise<void> {
    if (await this.#isAt(this.openPath)) return;
    // Where this fails nobody has taken the file: its directory is gone, and may come back.
    const { dev, ino } = await this.#files.stat(this.#directory);
    const isSameDirectory = dev === this.#directoryStatus.dev && ino === this.#directoryStatus.ino;
    const message = `${this.openPath} was taken away from its writer, which had stalled`;
    throw new FileFaultError(isSameDirectory ? 'taken' : 'suspect', message);
  }

  /**
   * Makes the file's name last through a power loss.
   *
   * (It may be tried again when it fails: a name is in the file system's journal, which does not forget that
   * it has failed. The bytes of files it does forget.)
   */
  async syncName(): Promise<void> {
    if (this.#isNameSynced) return;
    await this.#files.syncDirectory(this.#directory);
    this.#isNameSynced = true;
  }

  /**
   * Gives the file the first name that is free, in place of `NAME.open`. Goes on where it was when it is
   * called again after a failure.
   *
   * @returns the name, with the suffix
   */
  async moveTo(name: string, suffix = ''): Promise<string> {
    for (let n = 0; this.#movedTo === undefined; n++) {
      const candidate = (n === 0 ? name : alternativeName(name, n)) + suffix;
      if (await this.#tryName(candidate)) this.#movedTo = candidate;
    }
    await unlinkIfThere(this.#files, this.openPath);
    await this.#files.syncDirectory(this.#directory);
    return this.#movedTo;
  }

  /** Calls the file `NAME` with a suffix, unless it is not where it was. */
  async moveAside(suffix: string): Promise<void> {
    if (this.#isReleased) return;
    if (this.#movedTo === undefined && !(await this.#isAt(this.openPath))) return;
    await this.moveTo(this.name, suffix);
  }

  /** Removes the file, unless it is not where it was. */
  async remove(): Promise<void> {
    if (!this.#isReleased && (await this.#isAt(this.openPath))) {
      await unlinkIfThere(this.#files, this.openPath);
    }
  }

  /** Gives the lease back. Nothing is moved or removed afterwards. */
  async release(): Promise<void> {
    this.#isReleased = true;
    await release(this.#lease);
  }

  /** Whether the name was free and is the file's now. */
  async #tryName(name: string): Promise<boolean> {
    const path = join(this.#directory, name);
    try {
      await takeName(this.#files, this.openPath, path);
      return true;
    } catch (error) {
      // A call that failed may have done its work all the same.
      if (await this.#isAt(path)) return true;
      if (systemCodeOf(error) === 'EEXIST') return false;
      if (isMissing(error)) await this.check();
      throw error;
    }
  }

  async #isAt(path: string): Promise<boolean> {
    const own = await this.#own();
    const found = await findFile(path, this.#files);
    return found !== null && isSameFile(found, own);
  }

  /** Asked once, while the file is open. */
  async #own(): Promise<FileStatus> {
    this.#fileStatus ??= await this.#file.stat();
    return this.#fileStatus;
  }
}

interface CreatedFile {
  readonly file: OpenFile;
  readonly files: FileLayer;
  readonly lease: ArchiveLease;
  /** Of the directory. */
  readonly status: FileStatus;
}

async function exists(path: string, files: FileLayer): Promise<boolean> {
  return (await findFile(path, files)) !== null;
}

/** One that cannot be given back runs out by itself, and whoever comes next removes it. */
async function release(lease: ArchiveLease): Promise<void> {
  await lease.release().catch(() => undefined);
}
