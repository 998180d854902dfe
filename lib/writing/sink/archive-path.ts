import { basename, join } from 'node:path';

import { FileIdentity } from '../../files/file-identity.js';
import type { FileLayer, FileStatus, OpenFile } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { isSameFile } from '../../files/same-file.js';
import { syncDirectory } from '../../files/sync-directory.js';
import { isMissing, systemCodeOf } from '../../files/system-error.js';
import { unlinkIfThere } from '../../files/unlink-if-there.js';
import { nthName } from '../../series/names/alternative-name.js';
import { OPEN_SUFFIX, STALE_SUFFIX } from '../../series/names/archive-state.js';
import { hasCompressedNamesake, takeFreeName } from '../../series/names/take-free-name.js';
import { type ArchiveLease, takeLease } from './archive-lease.js';
import { FileFaultError } from './file-fault.js';

/**
 * The name of an archive's file, from `NAME.open` to the name it is sealed under, with its lease.
 * Never overwrites a file: if a name is taken, the archive gets `-1`, `-2`, … before its extension.
 */
export class ArchivePath {
  /** The archive's name while open, without `.open`. */
  readonly name: string;
  readonly #directory: string;
  readonly #files: FileLayer;
  readonly #lease: ArchiveLease;
  readonly #directoryStatus: FileStatus;
  readonly #identity: FileIdentity;
  #isNameSynced = false;
  #movedTo: string | undefined;
  /**
   * From then on, `NAME.open` may be the file of another writer, with the inode that this file had.
   */
  #isReleased = false;

  /** Creates `NAME.open` and takes its lease. */
  static async create(
    directory: string,
    name: string,
    files: FileLayer,
  ): Promise<{ readonly path: ArchivePath; readonly file: OpenFile }> {
    const status = await files.stat(directory);
    for (let n = 0; ; n++) {
      const candidate = nthName(name, n);
      const openPath = join(directory, candidate + OPEN_SUFFIX);
      try {
        if (await exists(join(directory, candidate), files)) continue;
        if (await hasCompressedNamesake(join(directory, candidate), files)) continue;
        // Recovery will give this name to the archive of another writer.
        if (await exists(join(directory, candidate + STALE_SUFFIX), files)) continue;
        // Take the lease first: another process would recover a file that has none.
        const lease = await takeLease(openPath, files);
        if (lease === null) continue;
        try {
          const file = await files.open(openPath, 'wx+');
          const identity = new FileIdentity(file, files, status);
          const created = { files, identity, lease, status };
          return { path: new ArchivePath(directory, candidate, created), file };
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
    this.#files = created.files;
    this.#identity = created.identity;
    this.#lease = created.lease;
    this.#directoryStatus = created.status;
  }

  /** The path of the file until it is sealed. */
  get openPath(): string {
    return join(this.#directory, this.name + OPEN_SUFFIX);
  }

  /**
   * Checks that the file is still at `openPath`. A recoverer renames an archive before it reads it:
   * bytes that were synced before this check are in its copy, and no bytes after it are promised
   * yet.
   *
   * @returns `'touched'` if the file's time was set to find that out
   * @throws FileFaultError `taken` if another process has taken the file over; `suspect` if another
   *   program has moved, replaced or removed it, or its directory
   */
  async check(): Promise<'untouched' | 'touched'> {
    const { touches } = this.#identity;
    if (await this.#isAtOpenPath()) {
      return touches === this.#identity.touches ? 'untouched' : 'touched';
    }
    // If this fails, the directory is gone and may come back: no process has taken the file.
    const directory = await this.#files.stat(this.#directory);
    if (await this.#isTaken(directory)) {
      const message = `${this.openPath} was taken away from its writer, which had stalled`;
      throw new FileFaultError('taken', message);
    }
    const message = `${this.openPath} was moved, replaced or removed by another program`;
    throw new FileFaultError('suspect', message);
  }

  /**
   * Makes the file's name survive a power loss.
   *
   * (A failed call may be repeated: a name is in the file system's journal, which remembers a
   * failure. For the bytes of a file, the system forgets it.)
   */
  async syncName(): Promise<void> {
    if (this.#isNameSynced) return;
    await syncDirectory(this.#files, this.#directory);
    this.#isNameSynced = true;
  }

  /**
   * Gives the file the first free name, in place of `NAME.open`. After a failure, another call
   * continues from the step that failed.
   *
   * @returns the name, with the suffix
   */
  async moveTo(name: string, suffix = ''): Promise<string> {
    this.#movedTo ??= await this.#takeName(name, suffix);
    // Sync the new name before unlinking the old one: otherwise a power loss could take both.
    await syncDirectory(this.#files, this.#directory);
    await unlinkIfThere(this.#files, this.openPath);
    await syncDirectory(this.#files, this.#directory);
    return this.#movedTo;
  }

  /** Adds a suffix to `NAME`, unless the file is no longer at `openPath`. */
  async moveAside(suffix: string): Promise<void> {
    if (this.#isReleased) return;
    const isMoving = this.#movedTo !== undefined;
    if (isMoving || (await this.#isAtOpenPath())) await this.moveTo(this.name, suffix);
  }

  /** Removes the file, unless it is no longer at `openPath`. */
  async remove(): Promise<void> {
    if (!this.#isReleased && (await this.#isAtOpenPath())) {
      await unlinkIfThere(this.#files, this.openPath);
    }
  }

  /** Gives the lease back. Later calls move and remove nothing. */
  async release(): Promise<void> {
    this.#isReleased = true;
    await release(this.#lease);
  }

  async #takeName(name: string, suffix: string): Promise<string> {
    const wanted = join(this.#directory, name);
    const holderOf = (path: string) => this.#identity.holderOf(path);
    try {
      const path = await takeFreeName(this.#files, this.openPath, wanted, { suffix, holderOf });
      if ((await holderOf(path)) !== 'itself') await this.#giveBack(path);
      return basename(path);
    } catch (error) {
      if (isMissing(error)) await this.check();
      throw error;
    }
  }

  /**
   * Another program has just put its own file at `openPath`, which now has the archive's name: gives
   * that back.
   *
   * @throws FileFaultError
   */
  async #giveBack(path: string): Promise<void> {
    const isLinked = (await findFile(this.openPath, this.#files)) !== null;
    if (isLinked) await unlinkIfThere(this.#files, path);
    else await this.#files.rename(path, this.openPath);
    await this.check();
    throw new FileFaultError('suspect', `${this.openPath} was replaced by another program`);
  }

  /** Whether a process that recovers archives has taken the file, which is not at `openPath`. */
  async #isTaken(directory: FileStatus): Promise<boolean> {
    if (await exists(join(this.#directory, this.name + STALE_SUFFIX), this.#files)) return true;
    if (await this.#lease.isOwn()) return false;
    if (isSameFile(directory, this.#directoryStatus)) return true;
    // It shows nothing about a directory whose number changes all the time.
    return !isSameFile(directory, await this.#files.stat(this.#directory));
  }

  async #isAtOpenPath(): Promise<boolean> {
    return (await this.#identity.holderOf(this.openPath)) === 'itself';
  }
}

interface CreatedFile {
  readonly files: FileLayer;
  readonly identity: FileIdentity;
  readonly lease: ArchiveLease;
  /** Status of the directory. */
  readonly status: FileStatus;
}

async function exists(path: string, files: FileLayer): Promise<boolean> {
  return (await findFile(path, files)) !== null;
}

/** A lease that cannot be given back becomes stale, and the next writer or recoverer removes it. */
async function release(lease: ArchiveLease): Promise<void> {
  await lease.release().catch(() => undefined);
}
