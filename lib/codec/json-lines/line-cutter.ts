import { LINE_FEED } from '../../format/json-lines.js';
import { Slab } from '../bytes/slab.js';

/** Bytes that end where a line ends. */
export interface WholeLines {
  /** One or more lines with their line feeds. Only the last line of the input may have none. */
  readonly bytes: Buffer;
  /** Whether `bytes` are the beginning of one line that is too long, without its rest. */
  readonly isCut: boolean;
}

/** Lines that come together have about this size, so that what is made of them is bounded. */
const PIECE_BYTES = 64 * 2 ** 10;

/**
 * Cuts chunks of any size where lines end. A line within one chunk is not copied. It holds at most
 * the bytes of one line.
 */
export class LineCutter {
  readonly #maxLineBytes: number;
  /** The beginning of a line whose end has not come. */
  readonly #begun = new Slab(0);
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Whether the rest of a line that is too long is being dropped. */
  #isDropping = false;
  #isOver = false;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Adds a chunk. `next` must have returned null for the one before. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** No chunk comes after those so far. */
  end(): void {
    this.#isOver = true;
  }

  /** Returns the next lines; null if they need another chunk, and at the end. */
  next(): WholeLines | null {
    while (this.#at < this.#chunk.length) {
      const lines = this.#isDropping ? this.#drop() : this.#cut();
      if (lines !== null) return lines;
    }
    if (!this.#isOver || this.#begun.length === 0) return null;
    return { bytes: this.#begun.take(), isCut: false };
  }

  #cut(): WholeLines | null {
    const chunk = this.#chunk;
    const start = this.#at;
    const near = this.#begun.length > 0 ? -1 : chunk.lastIndexOf(LINE_FEED, start + PIECE_BYTES);
    const last = near >= start ? near : chunk.indexOf(LINE_FEED, start);
    const end = last === -1 ? chunk.length : last + 1;
    const piece = chunk.subarray(start, end);
    this.#at = end;
    if (last !== -1 && this.#begun.length === 0) return { bytes: piece, isCut: false };
    this.#begun.reserve(piece.length);
    piece.copy(this.#begun.bytes, this.#begun.length);
    this.#begun.length += piece.length;
    if (last !== -1) return { bytes: this.#begun.take(), isCut: false };
    if (this.#begun.length <= this.#maxLineBytes) return null;
    this.#isDropping = true;
    return { bytes: this.#begun.take(), isCut: true };
  }

  #drop(): null {
    const last = this.#chunk.indexOf(LINE_FEED, this.#at);
    this.#isDropping = last === -1;
    this.#at = last === -1 ? this.#chunk.length : last + 1;
    return null;
  }
}
