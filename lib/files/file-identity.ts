import type { FileLayer, FileStatus, OpenFile } from './file-layer.js';
import { findFile } from './find-file.js';
import { isSameFile } from './same-file.js';

/** How often a file is looked at until it does not change in between. */
const MOST_LOOKS = 20;

/** By how much a file's time is set back at least: more than any file system rounds it. */
const LEAST_TOUCH_MS = 5000;
const MOST_TOUCH_MS = 1_000_000;

/**
 * Recognises an open file by a name. Inode numbers prove that a file is itself, but not that it is
 * another one: some network file systems give a file another number with every call, or all files
 * the same. There, a change of the file's time shows whether the name leads to it.
 */
export class FileIdentity {
  /** How often the file's time was set. */
  touches = 0;
  readonly #file: OpenFile;
  readonly #files: FileLayer;
  readonly #directory: FileStatus;
  /** Asked once, because the file may be closed later. */
  #status: FileStatus | undefined;

  /** @param directory the status of the file's directory */
  constructor(file: OpenFile, files: FileLayer, directory: FileStatus) {
    this.#file = file;
    this.#files = files;
    this.#directory = directory;
  }

  /** Whether a path leads to this file, to another one, or to none. */
  async holderOf(path: string): Promise<'itself' | 'other' | 'none'> {
    this.#status ??= await this.#file.stat();
    const found = await findFile(path, this.#files);
    if (found === null) return 'none';
    // A number that the directory has, too, is no number.
    const isNumbered = !isSameFile(this.#status, this.#directory) && this.#status.ino !== 0;
    if (isNumbered && isSameFile(found, this.#status)) return 'itself';
    if (!found.isFile() || !(await this.#looksLike(path))) return 'other';
    return (await this.#followsTouch(path)) ? 'itself' : 'other';
  }

  /** Whether the file at the path has the size and time of this one. */
  async #looksLike(path: string): Promise<boolean> {
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      const before = await this.#file.stat();
      const found = await findFile(path, this.#files);
      const after = await this.#file.stat();
      if (found === null) return false;
      if (before.size !== after.size || before.mtimeMs !== after.mtimeMs) continue;
      return found.size === after.size && found.mtimeMs === after.mtimeMs;
    }
    // It changes all the time, and only its writer does that.
    return true;
  }

  /** Whether the file at the path changes its time when this one does: a copy does not. */
  async #followsTouch(path: string): Promise<boolean> {
    const { mtimeMs } = await this.#file.stat();
    const backMs = LEAST_TOUCH_MS + Math.round(Math.random() * MOST_TOUCH_MS);
    this.touches++;
    try {
      await this.#setTime(mtimeMs - backMs);
    } catch {
      // The file system lets no process set a time. Size and time must do.
      return true;
    }
    try {
      return await this.#looksLike(path);
    } finally {
      await this.#setTime(mtimeMs);
    }
  }

  async #setTime(ms: number): Promise<void> {
    await this.#file.utimes(ms / 1000, ms / 1000);
  }
}
