import type { ByteRange } from '../../files/byte-range.js';
import type { ArchiveSource } from './archive-source.js';

/** A whole archive in memory. */
export class WholeSource implements ArchiveSource {
  readonly path: string;
  readonly isOpen: boolean;
  readonly #bytes: Buffer;

  constructor(path: string, bytes: Buffer, state: 'open' | 'sealed') {
    this.path = path;
    this.isOpen = state === 'open';
    this.#bytes = bytes;
  }

  async size(): Promise<number> {
    return this.#bytes.length;
  }

  async read({ start, end }: Required<ByteRange>): Promise<Buffer> {
    return this.#bytes.subarray(start, end);
  }

  async *stream({ start, end }: ByteRange = { start: 0 }): AsyncGenerator<Buffer> {
    const bytes = this.#bytes.subarray(start, end);
    if (bytes.length > 0) yield bytes;
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}
