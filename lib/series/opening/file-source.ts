import type { ByteRange } from '../../files/byte-range.js';
import type { ChunkPool } from '../../files/chunk-pool.js';
import type { OpenFile } from '../../files/file-layer.js';
import { readChunks } from '../../files/read-chunks.js';
import { mayBeTorn } from '../names/archive-state.js';
import type { ArchiveSource, FileNumber } from './archive-source.js';

export interface FileSourceOptions {
  /** Whether the archive may end anywhere. @default by the suffix of its path */
  readonly isOpen?: boolean;
  /** The pool that provides memory for chunks. @default new memory for each chunk */
  readonly pool?: ChunkPool;
}

/** An archive in a file. `close` closes the file. */
export class FileSource implements ArchiveSource {
  readonly path: string;
  readonly isOpen: boolean;
  readonly #file: OpenFile;
  readonly #pool: ChunkPool | undefined;

  constructor(file: OpenFile, path: string, options: FileSourceOptions = {}) {
    this.#file = file;
    this.#pool = options.pool;
    this.path = path;
    this.isOpen = options.isOpen ?? mayBeTorn(path);
  }

  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  async read(range: Required<ByteRange>): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(range.end - range.start);
    for (let filled = 0; filled < bytes.length; ) {
      const left = bytes.length - filled;
      const { bytesRead } = await this.#file.read(bytes, filled, left, range.start + filled);
      filled += bytesRead;
      if (bytesRead === 0 || this.#isEnd(range.start + filled)) return bytes.subarray(0, filled);
    }
    return bytes;
  }

  stream(range?: ByteRange): AsyncGenerator<Buffer> {
    return readChunks(this.#file, this.path, range, this.#pool);
  }

  async fileNumber(): Promise<FileNumber> {
    const { dev, ino } = await this.#file.stat();
    return { dev, ino };
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /**
   * Whether a sealed file certainly ends here. Without this, a second read finds the end: reading
   * 10,000 archives of 20 records takes 1.13 times the CPU.
   */
  #isEnd(offset: number): boolean {
    return !this.isOpen && offset === this.#file.bytesWhenOpened;
  }
}
