import { createInflateRaw, inflateRawSync } from 'node:zlib';

import { inflateUpToDamage } from '../../codec/compression/gzip/inflate-head.js';
import type { PulledBytes } from './pulled-bytes.js';

/** zlib's default of 16 KiB makes four times the calls. */
const CHUNK_BYTES = 64 * 2 ** 10;

/** In data larger than this, compressed or not, up to `CHUNK_BYTES` before damage are lost. */
const LARGEST_RESCUE_BYTES = 8 * 2 ** 20;

/**
 * Inflates deflate data (RFC 1951) and leaves the bytes after it in `input`. Returns without an
 * error if the input ends within the data. Yields all bytes that can be inflated before it throws.
 *
 * @throws errors of zlib and of `input`
 */
export async function* inflateRaw(input: PulledBytes): AsyncGenerator<Buffer> {
  const inflater = new RawInflater();
  /** Chunks to inflate a second time if zlib finds damage. */
  const fedChunks: Buffer[] = [];
  let fed = 0;
  let given = 0;
  try {
    while (fed === inflater.taken && (await input.has(1))) {
      const chunk = input.takeAll();
      fed += chunk.length;
      fedChunks.push(chunk);
      if (Math.max(fed, given) > LARGEST_RESCUE_BYTES) fedChunks.length = 0;
      for await (const piece of inflater.inflate(chunk)) {
        given += piece.length;
        yield piece;
      }
      // zlib takes no bytes after the end of the data: bytes left over mean that the data has
      // ended.
      const over = fed - inflater.taken;
      if (over > 0) input.putBack([chunk.subarray(chunk.length - over)]);
    }
  } catch (error) {
    // A zlib call that finds damage drops the output that it had produced until then.
    if (given <= LARGEST_RESCUE_BYTES && inflater.hasFailed) {
      const inflated = inflateUpToDamage(Buffer.concat(fedChunks), inflateRawSync);
      if (inflated.length > given) yield inflated.subarray(given);
    }
    throw error;
  } finally {
    inflater.close();
  }
}

class RawInflater {
  readonly #zlib = createInflateRaw({ chunkSize: CHUNK_BYTES });
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor() {
    this.#zlib.on('readable', () => this.#wake());
    this.#zlib.on('error', (error) => {
      this.#failure = error;
      this.#wake();
    });
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** How many of the bytes written to zlib were deflate data. */
  get taken(): number {
    return this.#zlib.bytesWritten;
  }

  async *inflate(chunk: Buffer): AsyncGenerator<Buffer> {
    let isTaken = false;
    this.#zlib.write(chunk, () => {
      isTaken = true;
      this.#wake();
    });
    while (true) {
      // A loop over the stream would drop its buffer after an error, but those bytes are good.
      const piece: Buffer | null = this.#zlib.read();
      if (piece !== null) yield piece;
      else if (this.#failure !== undefined) throw this.#failure;
      else if (isTaken) return;
      else await this.#change();
    }
  }

  close(): void {
    this.#zlib.destroy();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
