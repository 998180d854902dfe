import { createHash, type Hash } from 'node:crypto';

/** The SHA-256 of ranges, one behind the other, of bytes that come before it is known where ranges end. */
export class RangeHash {
  #hash: Hash = createHash('sha256');
  #chunks: Buffer[] = [];
  /** Up to where bytes were taken in. */
  #offset = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  /** Takes in the bytes up to `offset`, as far as they have come: no range ends before. */
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

  /** Of the range so far, in hex. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Begins a range where the last one has got to. */
  restart(): void {
    this.#hash = createHash('sha256');
  }
}
