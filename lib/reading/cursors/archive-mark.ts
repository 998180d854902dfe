import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import { baseNameOf } from '../../series/names/archive-state.js';
import type { CursorArchive } from './cursor-text.js';

const HASH_BYTES = 8;

/** How a hash was made: of how much of the name, and of how many of the first bytes. */
export type MarkShape = Pick<CursorArchive, 'nameLength' | 'headBytes'>;

/**
 * What an archive without sequences is recognised by: its name without the suffix of its state, and
 * its first bytes, uncompressed. So it is the same after it was sealed, gzipped, shipped or moved.
 */
export class ArchiveMark {
  readonly #name: string;
  readonly #head: Buffer;

  /**
   * @param path of the file or object
   * @param head its first bytes, uncompressed: always as many, or all that it has
   */
  constructor(path: string, head: Buffer) {
    this.#name = baseNameOf(basename(path));
    this.#head = head;
  }

  /**
   * The shape of a hash that stays the same.
   *
   * @param wholeBytes how many bytes from the start will not change: a torn tail may be cut off
   */
  shapeFor(wholeBytes: number): MarkShape {
    // Sealing replaces the tokens in a name.
    const token = this.#name.indexOf('[[');
    const headBytes = Math.min(this.#head.length, wholeBytes);
    return { nameLength: token === -1 ? null : token, headBytes };
  }

  /** 16 hex digits; null if the archive has fewer bytes than were hashed. */
  hash({ headBytes, nameLength }: MarkShape): string | null {
    if (headBytes > this.#head.length) return null;
    const name = nameLength === null ? this.#name : this.#name.slice(0, nameLength);
    const hash = createHash('sha256').update(`${name}\0`).update(this.#head.subarray(0, headBytes));
    return hash.digest('hex').slice(0, 2 * HASH_BYTES);
  }
}
