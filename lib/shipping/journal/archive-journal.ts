import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';

import type { FileLayer } from '../../files/file-layer.js';
import { isMissing, systemCodeOf } from '../../files/system-error.js';
import { takeName, unlinkIfThere } from '../../files/take-name.js';
import { writeAll } from '../../files/write-all.js';
import { decodeJournal, encodeJournal, type JournalEntry } from './journal-entry.js';
import { JOURNAL_SUFFIX, temporaryName } from './journal-name.js';

/** No entry is nearly as long: what is longer is no journal. */
const LONGEST_JOURNAL_BYTES = 64 * 2 ** 10;

/** Another start sweeps what looks left behind, and may take a new entry for that; but not for ever. */
const MOST_ATTEMPTS = 3;

/**
 * The journal of one archive: `NAME.journal` beside it, which is replaced whole, and lasts through a power
 * loss, before `write` settles. It only saves work: where it is lost, the archive and the store are asked.
 */
export class ArchiveJournal {
  readonly #path: string;
  readonly #files: FileLayer;

  /** @param archive the archive's path */
  constructor(archive: string, files: FileLayer) {
    this.#path = archive + JOURNAL_SUFFIX;
    this.#files = files;
  }

  /**
   * What the journal says; null where there is none. One that is damaged, or of a version to come, is set
   * aside as `NAME.damaged-N.journal`.
   */
  async read(): Promise<JournalEntry | null> {
    const bytes = await this.#readBytes();
    if (bytes === null) return null;
    const entry = decodeJournal(bytes);
    if (entry === null) await this.#setAside();
    return entry;
  }

  /** @throws what the system calls throw; the journal says what it said before then */
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

  /** Removes it, where it is there. A crash may bring it back: without its archive it says nothing. */
  async remove(): Promise<void> {
    await unlinkIfThere(this.#files, this.#path);
  }

  async #readBytes(): Promise<Buffer | null> {
    try {
      const file = await this.#files.open(this.#path, 'r');
      try {
        const bytes = Buffer.alloc(LONGEST_JOURNAL_BYTES);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async #replace(bytes: Buffer): Promise<void> {
    const temporary = temporaryName(this.#path, randomBytes(4).toString('hex'));
    try {
      const file = await this.#files.open(temporary, 'wx');
      try {
        await writeAll(file, bytes, 0);
        await file.sync();
      } finally {
        await file.close();
      }
      await this.#files.rename(temporary, this.#path);
    } catch (error) {
      // Whether or not it can be removed, the first failure is the one to tell.
      await this.#files.unlink(temporary).catch(() => undefined);
      throw error;
    }
    await this.#files.syncDirectory(dirname(this.#path));
  }

  /** It is kept for somebody to look at, under a name that nobody takes for a journal. */
  async #setAside(): Promise<void> {
    const archive = this.#path.slice(0, -JOURNAL_SUFFIX.length);
    for (let n = 1; ; n++) {
      try {
        await takeName(this.#files, this.#path, `${archive}.damaged-${n}${JOURNAL_SUFFIX}`);
        break;
      } catch (error) {
        if (systemCodeOf(error) !== 'EEXIST') throw error;
      }
    }
    await unlinkIfThere(this.#files, this.#path);
  }
}
