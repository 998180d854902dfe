import { MAX_VARINT_BYTES } from '../../format/version-2.js';

/** The value of a varint that is torn, longer than 8 bytes, not minimal, or over 2^53 - 1. */
export const BAD_VARINT = -1;

/**
 * Reads varints one after another. `position` is the end of the last good one. A bad varint reads
 * as `BAD_VARINT` (unsigned) or NaN (signed); the caller reports it with the name of the field.
 */
export class VarintReader {
  position = 0;
  /** No varint may extend past this position. */
  end = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.end = bytes.length;
  }

  readUnsigned(): number {
    const bytes = this.#bytes;
    const position = this.position;
    if (position >= this.end) return BAD_VARINT;
    const first = bytes[position] as number;
    if (first < 0x80) {
      this.position = position + 1;
      return first;
    }
    return this.#readLong(first & 0x7f, 0x80);
  }

  readSigned(): number {
    const { position } = this;
    if (position >= this.end) return Number.NaN;
    const first = this.#bytes[position] as number;
    // The zigzag may have 54 bits, more than a double holds, so halve it from its lowest group on.
    let magnitude = (first & 0x7f) >>> 1;
    if (first < 0x80) {
      this.position++;
    } else {
      magnitude = this.#readLong(magnitude, 0x40);
      if (magnitude === BAD_VARINT) return Number.NaN;
    }
    if ((first & 1) === 0) return magnitude;
    if (magnitude < Number.MAX_SAFE_INTEGER) return -magnitude - 1;
    this.position = position;
    return Number.NaN;
  }

  /** Adds the groups after the first; the next one has the weight `scale`. */
  #readLong(lowest: number, scale: number): number {
    let value = lowest;
    let weight = scale;
    const limit = Math.min(this.end, this.position + MAX_VARINT_BYTES);
    for (let at = this.position + 1; at < limit; at++) {
      const group = this.#bytes[at] as number;
      value += (group & 0x7f) * weight;
      if (group < 0x80) {
        // A last group of 0 means that the varint is not minimal.
        if (group === 0 || value > Number.MAX_SAFE_INTEGER) return BAD_VARINT;
        this.position = at + 1;
        return value;
      }
      weight *= 0x80;
    }
    return BAD_VARINT;
  }
}
