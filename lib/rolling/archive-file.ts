import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { ArchiveError } from '../errors/archive-error.js';
import type { FileLayer, OpenFile } from '../storage/file-layer.js';
import { findFile } from '../storage/find-file.js';
import { systemCodeOf } from '../storage/system-error.js';
import { takeName, unlinkIfThere } from '../storage/take-name.js';
import { writeAll } from '../storage/write-all.js';
import { alternativeName } from './alternative-name.js';
import { asDirectoryError } from './archive-directory.js';
import { type ArchiveLease, takeLease } from './archive-lease.js';
import { OPEN_SUFFIX, STALE_SUFFIX } from './archive-state.js';

/**
 * An archive's file, from its creation to its sealing. No file is ever overwritten: where a name is
 * taken, the archive gets `-1`, `-2`, … before its extension.
 */
export class ArchiveFile {
  /** Its name while open, without `.open`. */
  readonly name: string;
  /** Bytes that were written whole. */
  bytes = 0;
  readonly #directory: string;
  readonly #files: FileLayer;
  readonly #file: OpenFile;
  readonly #lease: ArchiveLease;
  readonly #hash = createHash('sha256');
  #isClosed = false;
  #isNameSynced = false;

  /**
   * Creates `NAME.open`.
   *
   * @throws DirectoryError where the directory does not allow it
   */
  static async create(directory: string, name: string, files: FileLayer): Promise<ArchiveFile> {
    for (let n = 0; ; n++) {
      const candidate = n === 0 ? name : alternativeName(name, n);
      const openPath = join(directory, candidate + OPEN_SUFFIX);
      try {
        if (await exists(join(directory, candidate), files)) continue;
        // Another's, which is to get this name when it is recovered.
        if (await exists(join(directory, candidate + STALE_SUFFIX), files)) continue;
        // Before the file: without its lease somebody else would take it for left behind.
        const lease = await takeLease(openPath);
        if (lease === null) continue;
        try {
          const file = await files.open(openPath, 'wx');
          return new ArchiveFile(directory, candidate, file, files, lease);
        } catch (error) {
          await lease.release();
          throw error;
        }
      } catch (error) {
        if (systemCodeOf(error) !== 'EEXIST') throw asDirectoryError(directory, error);
      }
    }
  }

  private constructor(
    directory: string,
    name: string,
    file: OpenFile,
    files: FileLayer,
    lease: ArchiveLease,
  ) {
    this.#directory = directory;
    this.name = name;
    this.#file = file;
    this.#files = files;
    this.#lease = lease;
  }

  /** Where the file is until it is sealed. */
  get openPath(): string {
    return join(this.#directory, this.name + OPEN_SUFFIX);
  }

  /**
   * Appends all of `bytes`. When it fails, some of them may be in the file: readers take the torn tail of
   * an open archive for its end, and whole blocks before that are read.
   */
  async append(bytes: Buffer): Promise<void> {
    await writeAll(this.#file, bytes, this.bytes);
    this.#hash.update(bytes);
    this.bytes += bytes.length;
  }

  /** Makes all bytes so far last through a power loss, and with the first the file's name. */
  async datasync(): Promise<void> {
    await this.#file.datasync();
    await this.#checkPlace();
    if (this.#isNameSynced) return;
    await this.#files.syncDirectory(this.#directory);
    this.#isNameSynced = true;
  }

  /** The SHA-256 of all bytes so far. */
  sha256(): Buffer {
    return this.#hash.copy().digest();
  }

  /**
   * Makes all bytes last, and gives the file its final name: from then on it is never written to.
   *
   * @returns the name it got
   */
  async seal(name: string): Promise<string> {
    await this.#file.sync();
    await this.#checkPlace();
    await this.#close();
    for (let n = 0; ; n++) {
      const candidate = n === 0 ? name : alternativeName(name, n);
      if (!(await this.#takeName(candidate))) continue;
      await this.#files.syncDirectory(this.#directory);
      await this.#lease.release();
      return candidate;
    }
  }

  /** Lets go of the file, which stays as it is, open by its name; without a byte in it it is removed. */
  async abandon(): Promise<void> {
    const isEmpty = !this.#isClosed && (await this.#isEmpty());
    try {
      await this.#close();
      if (isEmpty) await unlinkIfThere(this.#files, this.openPath);
    } finally {
      await this.#lease.release();
    }
  }

  /**
   * Who recovers an archive renames it before reading it. So what was synced before this check is in what
   * they read; and what comes after it is not promised to anyone.
   */
  async #checkPlace(): Promise<void> {
    const own = await this.#file.stat();
    const found = await findFile(this.openPath, this.#files);
    if (found?.ino === own.ino && found.dev === own.dev) return;
    const message = `${this.openPath} was taken away from its writer, which had stalled`;
    throw new ArchiveError('ERR_LEASE_LOST', message);
  }

  async #isEmpty(): Promise<boolean> {
    // Asked of the file itself: a write that failed may have left bytes, which are not ours to delete.
    const { size } = await this.#file.stat().catch(() => ({ size: Number.NaN }));
    return size === 0;
  }

  /** Once: a descriptor that was closed may be another file's by now, also where closing failed. */
  async #close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
  }

  /** Whether the name was free and is the archive's now. */
  async #takeName(name: string): Promise<boolean> {
    const path = join(this.#directory, name);
    try {
      await takeName(this.#files, this.openPath, path);
    } catch (error) {
      if (systemCodeOf(error) === 'EEXIST') return false;
      throw error;
    }
    await unlinkIfThere(this.#files, this.openPath);
    return true;
  }
}

async function exists(path: string, files: FileLayer): Promise<boolean> {
  return (await findFile(path, files)) !== null;
}
