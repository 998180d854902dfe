import type { ByteRange } from '../../files/byte-range.js';
import type { ArchiveSource } from './archive-source.js';

/** The access that reading an index from the end of an archive needs. */
export type ArchiveEnds = Pick<ArchiveSource, 'read' | 'size'>;

/** Enough for the index of most archives, plain and gzip, and cheap compared to a request. */
const TAIL_BYTES = 64 * 2 ** 10;

/** An archive whose last bytes are in memory, so that they are not requested again. */
export class ArchiveTail implements ArchiveEnds {
  readonly #source: ArchiveEnds;
  readonly #bytes: Buffer;
  readonly #begin: number;

  /** Reads the end of an archive of `size` bytes. */
  static async read(source: ArchiveEnds, size: number): Promise<ArchiveTail> {
    const begin = Math.max(size - TAIL_BYTES, 0);
    return new ArchiveTail(source, await source.read({ start: begin, end: size }), begin);
  }

  private constructor(source: ArchiveEnds, bytes: Buffer, begin: number) {
    this.#source = source;
    this.#bytes = bytes;
    this.#begin = begin;
  }

  /** The size that the archive had when its end was read. */
  async size(): Promise<number> {
    return this.#begin + this.#bytes.length;
  }

  async read({ start, end }: Required<ByteRange>): Promise<Buffer> {
    if (start < this.#begin) return await this.#source.read({ start, end });
    return this.#bytes.subarray(start - this.#begin, end - this.#begin);
  }
}
