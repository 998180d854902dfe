import type { OpenFile } from '../storage/file-layer.js';
import type { ByteRange } from '../storage/store.js';
import type { ArchiveSource } from './archive-source.js';
import { mayBeTorn } from './archive-state.js';
import { readChunks } from './read-chunks.js';

/** An archive that is a file. Closes it. */
export class FileSource implements ArchiveSource {
  readonly path: string;
  readonly isOpen: boolean;
  readonly #file: OpenFile;

  /** @param options whether it may end anywhere, where its name does not tell */
  constructor(file: OpenFile, path: string, options: Partial<Pick<ArchiveSource, 'isOpen'>> = {}) {
    this.#file = file;
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
      if (bytesRead === 0) return bytes.subarray(0, filled);
      filled += bytesRead;
    }
    return bytes;
  }

  stream(range?: ByteRange): AsyncGenerator<Buffer> {
    return readChunks(this.#file, this.path, range);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
