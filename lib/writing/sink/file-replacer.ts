import { createHash } from 'node:crypto';

import type { FileLayer } from '../../files/file-layer.js';
import { ArchiveFile, type FileMark } from './archive-file.js';
import { FileFaultError } from './file-fault.js';

/** What was given to a file that is to be replaced. */
export interface WrittenContent {
  /** How far it was synced. */
  readonly synced: FileMark;
  /** How far it was written. */
  readonly written: FileMark;
  /** What was written behind what was synced; null where that was not kept. */
  readonly unsynced: readonly Buffer[] | null;
}

/**
 * Writes what was given to a file to a new one, and syncs that: whole, or, where the file was `taken`, what
 * was not synced of it, since the rest is in the copy of whoever took it. What was synced is read back from
 * the old file, and must be what was written; otherwise that becomes `unreadable`, and is left to recovery.
 */
export class FileReplacer {
  readonly #directory: string;
  readonly #name: string;
  readonly #files: FileLayer;
  /** It has failed, and could not be removed yet. */
  #failed: ArchiveFile | null = null;

  constructor(directory: string, name: string, files: FileLayer) {
    this.#directory = directory;
    this.#name = name;
    this.#files = files;
  }

  /** May be called again when it has failed; the old file is as it was. */
  async replace(old: ArchiveFile, content: WrittenContent): Promise<ArchiveFile> {
    // Before another is made: a disk that removes nothing must not be filled with copies.
    await this.#removeFailed();
    const file = await ArchiveFile.create(this.#directory, this.#name, this.#files);
    try {
      await fill(file, old, content);
      await file.datasync();
      return file;
    } catch (error) {
      this.#failed = file;
      // Else before the next attempt.
      await this.#removeFailed().catch(() => undefined);
      throw error;
    }
  }

  /** Lets go of what it could not remove. */
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

const CHUNK_BYTES = 2 ** 20;

/** Appends the bytes of `old` from `begin` to a mark. Returns whether all up to there are what they were. */
async function copyMarked(
  old: ArchiveFile,
  file: ArchiveFile,
  begin: number,
  mark: FileMark,
): Promise<boolean> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, mark.bytes));
  for (let at = 0; at < mark.bytes; ) {
    const bytesRead = await old.readBack(chunk, at, Math.min(chunk.length, mark.bytes - at));
    if (bytesRead === 0) return false;
    const bytes = chunk.subarray(0, bytesRead);
    hash.update(bytes);
    await file.append(bytes.subarray(Math.max(0, begin - at)));
    at += bytesRead;
  }
  const given = await mark.givenSha256();
  return given !== null && hash.digest().equals(given);
}
