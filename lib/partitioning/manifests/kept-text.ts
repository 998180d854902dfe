import { dirname } from 'node:path';

import type { FileLayer } from '../../files/file-layer.js';
import { readRange } from '../../files/read-range.js';
import { replaceFile } from '../../files/replace-file.js';
import { syncDirectory } from '../../files/sync-directory.js';
import { isMissing } from '../../files/system-error.js';
import { unlinkIfThere } from '../../files/unlink-if-there.js';

/** Larger files are not ours. */
const LONGEST_BYTES = 256 * 2 ** 20;

/** A small file that is replaced as a whole, so that a crash leaves the old text or the new one. */
export class KeptText {
  readonly #path: string;
  readonly #files: FileLayer;

  constructor(path: string, files: FileLayer) {
    this.#path = path;
    this.#files = files;
  }

  /** Null if there is no file. */
  async read(): Promise<string | null> {
    try {
      const file = await this.#files.open(this.#path, 'r');
      try {
        const chunks: Buffer[] = [];
        // The next chunk reuses the memory.
        for await (const chunk of readRange(file, 0, LONGEST_BYTES))
          chunks.push(Buffer.from(chunk));
        return Buffer.concat(chunks).toString();
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Settles when the text survives a power loss. */
  async write(text: string): Promise<void> {
    const temporary = `${this.#path}.part`;
    // A crash may have left it.
    await unlinkIfThere(this.#files, temporary);
    await replaceFile(this.#files, this.#path, temporary, Buffer.from(text));
  }

  async remove(): Promise<void> {
    await unlinkIfThere(this.#files, this.#path);
    await syncDirectory(this.#files, dirname(this.#path));
  }
}
