import { MAX_VARINT_BYTES } from '../../format/version-2.js';

/** A varint that is torn, longer than 8 bytes, not minimal, or over 2^53 - 1. */
export const BAD_VARINT = -1;

/**
 * Reads varints one after the other. `position` is left behind the last one that was good. A field
 * that is not one reads as `BAD_VARINT` (unsigned) or NaN (signed): the caller knows what it was to be.
 */
export class VarintReader {
  position = 0;
  /** No varint may reach over it. */
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
    // Half of the zigzag, by way of its lowest group, for it may have 54 bits.
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

  /** The groups behind the first, the next of which counts `scale`. */
  #readLong(lowest: number, scale: number): number {
    let value = lowest;
    let weight = scale;
    const limit = Math.min(this.end, this.position + MAX_VARINT_BYTES);
    for (let at = this.position + 1; at < limit; at++) {
      const group = this.#bytes[at] as number;
      value += (group & 0x7f) * weight;
      if (group < 0x80) {
        // A last group of 0 says that fewer bytes would have done.
        if (group === 0 || value > Number.MAX_SAFE_INTEGER) return BAD_VARINT;
        this.position = at + 1;
        return value;
      }
      weight *= 0x80;
    }
    return BAD_VARINT;
  }
}
