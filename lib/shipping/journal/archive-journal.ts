import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';

import { NotAFileError } from '../../errors/not-a-file-error.js';
import type { FileLayer } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { readRange } from '../../files/read-range.js';
import { replaceFile } from '../../files/replace-file.js';
import { isSecondName } from '../../files/same-file.js';
import { syncDirectory } from '../../files/sync-directory.js';
import { isMissing, systemCodeOf } from '../../files/system-error.js';
import { takeName } from '../../files/take-name.js';
import { unlinkIfThere } from '../../files/unlink-if-there.js';
import { decodeJournal, encodeJournal, type JournalEntry } from './journal-entry.js';
import { JOURNAL_SUFFIX, temporaryName } from './journal-name.js';

/** No entry is nearly as long, so a longer file is not a journal. */
const LONGEST_JOURNAL_BYTES = 64 * 2 ** 10;

/** The journal's name belongs to something else, such as a link, a pipe or a directory. */
const NOT_A_FILE = Symbol('not a file');

/** A sweep of another process may delete a write's temporary file, but hardly three times. */
const MOST_ATTEMPTS = 3;

/**
 * The journal of one archive: the file `NAME.journal` beside it. A write replaces the file as a
 * whole, and settles when the new one survives a power loss. The journal only saves work: without
 * it, the archive is read and the store is asked.
 */
export class ArchiveJournal {
  readonly #archive: string;
  readonly #path: string;
  readonly #files: FileLayer;

  /** @param archive the archive's path */
  constructor(archive: string, files: FileLayer) {
    this.#archive = archive;
    this.#path = archive + JOURNAL_SUFFIX;
    this.#files = files;
  }

  /**
   * Reads the entry; null if there is no journal. A journal that is damaged, of an unknown version,
   * or not a regular file, is renamed to `NAME.damaged-N.journal`, and counts as none.
   */
  async read(): Promise<JournalEntry | null> {
    const bytes = await this.#readBytes();
    if (bytes === null) return null;
    const entry = bytes === NOT_A_FILE ? null : decodeJournal(bytes);
    if (entry === null) await this.#setAside();
    return entry;
  }

  /** The entry of an archive's journal; null if there is none. Leaves a damaged one where it is. */
  static async peek(archive: string, files: FileLayer): Promise<JournalEntry | null> {
    const bytes = await new ArchiveJournal(archive, files).#readBytes();
    return bytes === null || bytes === NOT_A_FILE ? null : decodeJournal(bytes);
  }

  /** @throws Node's errors; the journal keeps its previous entry then */
  async write(entry: JournalEntry): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#replace(encodeJournal(entry));
        return;
      } catch (error) {
        if (!isMissing(error) || attempt === MOST_ATTEMPTS) throw error;
      }
    }
  }

  /** Deletes the journal if it exists. A power loss may restore it, which is harmless. */
  async remove(): Promise<void> {
    await unlinkIfThere(this.#files, this.#path);
  }

  async #readBytes(): Promise<Buffer | typeof NOT_A_FILE | null> {
    try {
      const file = await this.#files.open(this.#path, 'r');
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of readRange(file, 0, LONGEST_JOURNAL_BYTES)) {
          // The next chunk reuses the memory.
          chunks.push(Buffer.from(chunk));
        }
        return Buffer.concat(chunks);
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isMissing(error)) return null;
      if (error instanceof NotAFileError) return NOT_A_FILE;
      throw error;
    }
  }

  async #replace(bytes: Buffer): Promise<void> {
    const temporary = temporaryName(this.#path, randomBytes(4).toString('hex'));
    await replaceFile(this.#files, this.#path, temporary, bytes);
  }

  /** Keeps the file for examination, under a name that no process takes for a journal. */
  async #setAside(): Promise<void> {
    for (let n = 1; ; n++) {
      const aside = `${this.#archive}.damaged-${n}${JOURNAL_SUFFIX}`;
      try {
        await takeName(this.#files, this.#path, aside);
        break;
      } catch (error) {
        // Another reader has set it aside meanwhile.
        if (isMissing(error)) return;
        if (systemCodeOf(error) !== 'EEXIST') throw error;
        if (await this.#isAside(aside)) break;
      }
    }
    // Without this sync a power loss could take both names.
    await syncDirectory(this.#files, dirname(this.#path));
    await unlinkIfThere(this.#files, this.#path);
  }

  /** Whether another reader has just given the journal this name. */
  async #isAside(aside: string): Promise<boolean> {
    const [journal, other] = await Promise.all([
      findFile(this.#path, this.#files),
      findFile(aside, this.#files),
    ]);
    return journal !== null && other !== null && isSecondName(other, journal);
  }
}
