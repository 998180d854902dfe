import { Slab } from '../../codec/bytes/slab.js';
import { mostBytes, NOT_WELL_FORMED, putText } from '../../codec/bytes/text.js';

/** A length before each text. */
export const LENGTH_BYTES = 4;

/** Up to this length a loop copies faster than a call into C++. */
const SHORT_BYTES = 24;

/** Texts in the layout of the encoding PLAIN: the length of each, then its bytes. */
export class PlainTexts {
  readonly #slab = new Slab(0);
  count = 0;

  get length(): number {
    return this.#slab.length;
  }

  /** The bytes of all texts, valid until the next one is added. */
  get bytes(): Buffer {
    return this.#slab.filled();
  }

  /** The memory of the texts: the first `length` bytes of it. */
  get slab(): Buffer {
    return this.#slab.bytes;
  }

  /** Adds a text. Half of a surrogate pair becomes U+FFFD. */
  add(text: string): void {
    const slab = this.#slab;
    slab.reserve(LENGTH_BYTES + mostBytes(text));
    const start = slab.length + LENGTH_BYTES;
    const written = putText(slab.bytes, start, text);
    this.#end(written === NOT_WELL_FORMED ? slab.bytes.write(text.toWellFormed(), start) : written);
  }

  /** Adds the bytes of `source` from `from` up to `to`. */
  addBytes(source: Buffer, from: number, to: number): void {
    const slab = this.#slab;
    const count = to - from;
    slab.reserve(LENGTH_BYTES + count);
    const { bytes } = slab;
    const start = slab.length + LENGTH_BYTES;
    if (count <= SHORT_BYTES) {
      for (let i = 0; i < count; i++) bytes[start + i] = source[from + i] as number;
    } else {
      source.copy(bytes, start, from, to);
    }
    this.#end(count);
  }

  clear(): void {
    this.#slab.clear();
    this.count = 0;
  }

  #end(count: number): void {
    const slab = this.#slab;
    slab.bytes.writeUInt32LE(count, slab.length);
    slab.length += LENGTH_BYTES + count;
    this.count++;
  }
}
