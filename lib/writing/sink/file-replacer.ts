import { createHash } from 'node:crypto';

import type { FileLayer } from '../../files/file-layer.js';
import { ArchiveFile, type FileMark } from './archive-file.js';
import type { DiskFigures } from './disk-figures.js';
import { FileFaultError } from './file-fault.js';

/** The content of a file that must be replaced. */
export interface WrittenContent {
  /** How far it was synced. */
  readonly synced: FileMark;
  /** How far it was written. */
  readonly written: FileMark;
  /** The bytes that were written after the last sync; null if they were not kept. */
  readonly unsynced: readonly Buffer[] | null;
}

/**
 * Writes the content of a file to a new file and syncs it. If the file was `taken`, the new file
 * gets only the bytes that were not synced, because the copy of the process that took it has the
 * others. Synced bytes are read back from the old file and must have the digest they were written
 * with. If not, the old file becomes `unreadable` and is left to recovery.
 */
export class FileReplacer {
  readonly #directory: string;
  readonly #name: string;
  readonly #files: FileLayer;
  readonly #figures: DiskFigures;
  /** The new file of a failed attempt, which could not be removed yet. */
  #failed: ArchiveFile | null = null;

  constructor(directory: string, name: string, files: FileLayer, figures: DiskFigures) {
    this.#directory = directory;
    this.#name = name;
    this.#files = files;
    this.#figures = figures;
  }

  /** Returns the new file. A failed call may be repeated, and leaves the old file as it was. */
  async replace(old: ArchiveFile, content: WrittenContent): Promise<ArchiveFile> {
    // Remove the last attempt first: a disk that refuses to unlink must not fill with copies.
    await this.#removeFailed();
    const file = await ArchiveFile.create(this.#directory, this.#name, this.#files, this.#figures);
    try {
      await fill(file, old, content);
      await file.datasync();
      return file;
    } catch (error) {
      this.#failed = file;
      // If this fails, the next attempt repeats it.
      await this.#removeFailed().catch(() => undefined);
      throw error;
    }
  }

  /** Closes a file that could not be removed. */
  async abandon(): Promise<void> {
    await this.#failed?.leave();
  }

  async #removeFailed(): Promise<void> {
    await this.#failed?.discard();
    this.#failed = null;
  }
}

async function fill(file: ArchiveFile, old: ArchiveFile, content: WrittenContent): Promise<void> {
  const { synced, unsynced, written } = content;
  if (old.fault !== 'unreadable') {
    const begin = old.fault === 'taken' ? synced.bytes : 0;
    const readable = unsynced === null ? written : synced;
    if (begin < readable.bytes && !(await copyMarked(old, file, begin, readable))) {
      old.distrust();
      throw new FileFaultError('unreadable', `${old.openPath} holds other bytes than were written`);
    }
  }
  for (const piece of unsynced ?? []) await file.append(piece);
}

/**
 * Appends the bytes of `old` from `begin` to the mark.
 *
 * @returns whether `old` still holds the bytes that were written before the mark
 */
async function copyMarked(
  old: ArchiveFile,
  file: ArchiveFile,
  begin: number,
  mark: FileMark,
): Promise<boolean> {
  const hash = createHash('sha256');
  let at = 0;
  for await (const chunk of old.readBack(mark.bytes)) {
    hash.update(chunk);
    await file.append(chunk.subarray(Math.max(0, begin - at)));
    at += chunk.length;
  }
  const given = await mark.givenSha256();
  return given !== null && hash.digest().equals(given);
}
