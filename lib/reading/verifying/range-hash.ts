import { createHash, type Hash } from 'node:crypto';

/**
 * The SHA-256 of consecutive ranges of a stream. Bytes may arrive before their range's end is
 * decided.
 */
export class RangeHash {
  #hash: Hash = createHash('sha256');
  #chunks: Buffer[] = [];
  /** The bytes before this offset are hashed. */
  #offset = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  /** Passes over bytes that are missing, up to `offset`: no digest over them will match. */
  pass(offset: number): void {
    this.advance(offset);
    // Bytes that a damaged member has given beyond its end.
    this.#chunks = [];
    this.#offset = offset;
  }

  /** Hashes the bytes before `offset`, as far as they have arrived. No range may end before it. */
  advance(offset: number): void {
    let taken = 0;
    for (const chunk of this.#chunks) {
      if (this.#offset >= offset) break;
      const count = Math.min(chunk.length, offset - this.#offset);
      this.#hash.update(chunk.subarray(0, count));
      this.#offset += count;
      if (count < chunk.length) {
        this.#chunks[taken] = chunk.subarray(count);
        break;
      }
      taken++;
    }
    this.#chunks.splice(0, taken);
  }

  /** The digest of the current range so far, in hex. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Begins a new range after the last hashed byte. */
  restart(): void {
    this.#hash = createHash('sha256');
  }
}
