import { Readable } from 'node:stream';

import { isError } from '../errors/is-error.js';
import type { ByteRange } from './byte-range.js';
import type { OpenFile } from './file-layer.js';
import { fromSystemError } from './system-error.js';

/**
 * Large enough to make the cost of system calls negligible, and small compared with an upload part.
 */
const CHUNK_BYTES = 128 * 1024;

/** The bytes of an open file. Owns the file, and closes it whichever way the stream ends. */
export class FileBody extends Readable {
  readonly #file: OpenFile;
  readonly #path: string;
  readonly #end: number;
  #position: number;
  /** The read in progress. Closing awaits it: the descriptor could soon be another file's. */
  #reading: Promise<void> = Promise.resolve();

  /** @param path the file's name in errors */
  constructor(file: OpenFile, path: string, range: ByteRange = { start: 0 }) {
    super({ highWaterMark: CHUNK_BYTES });
    this.#file = file;
    this.#path = path;
    this.#position = range.start;
    this.#end = range.end ?? Number.MAX_SAFE_INTEGER;
  }

  override _read(): void {
    this.#reading = this.#readChunk();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#reading
      .then(() => this.#file.close())
      .then(
        () => callback(error),
        (closeError) => callback(error ?? this.#describe(closeError)),
      );
  }

  async #readChunk(): Promise<void> {
    const length = Math.min(CHUNK_BYTES, this.#end - this.#position);
    if (length <= 0) {
      this.push(null);
      return;
    }
    const chunk = Buffer.allocUnsafe(length);
    try {
      const { bytesRead } = await this.#file.read(chunk, 0, length, this.#position);
      if (this.destroyed) return;
      this.#position += bytesRead;
      this.push(bytesRead === 0 ? null : chunk.subarray(0, bytesRead));
    } catch (error) {
      this.destroy(this.#describe(error));
    }
  }

  #describe(error: unknown): Error {
    const described = fromSystemError(error, 'get', this.#path);
    return isError(described) ? described : new Error(String(described));
  }
}
