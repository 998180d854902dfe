import { createInflateRaw, inflateRawSync } from 'node:zlib';

import { inflateUpToDamage } from '../codec/gzip/inflate-head.js';
import type { PulledBytes } from './pulled-bytes.js';

/** zlib's default of 16 KiB makes four times the calls. */
const CHUNK_BYTES = 64 * 2 ** 10;

/** From here on, compressed or not, up to `CHUNK_BYTES` in front of damage are lost. */
const LARGEST_RESCUE_BYTES = 8 * 2 ** 20;

/**
 * Inflates deflate data (RFC 1951), and leaves in `input` what is behind it: nothing, where the input ends
 * within the data. All that could be inflated is given before an error is thrown.
 *
 * @throws what zlib and `input` throw
 */
export async function* inflateRaw(input: PulledBytes): AsyncGenerator<Buffer> {
  const inflater = new RawInflater();
  /** What may have to be inflated once more. */
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
      // zlib takes no more than the data has, and that is how its end shows.
      const over = fed - inflater.taken;
      if (over > 0) input.queue.push(chunk.subarray(chunk.length - over));
    }
  } catch (error) {
    // zlib drops what the call has put out in which it comes upon damage.
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

  /** How many of the bytes it was given were data. */
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
      // Also after an error, unlike a loop over the stream: what is in its buffer is good.
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
