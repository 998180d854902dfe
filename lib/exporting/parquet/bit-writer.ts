/** A value of more bits than this is written in two pieces, so that 32 bits hold what is pending. */
const MOST_BITS = 16;

/** Packs numbers of some bits each, the lowest bits first, as Parquet does. */
export class BitWriter {
  readonly #bytes: Uint8Array;
  /** Where the next byte goes. */
  position: number;
  #pending = 0;
  #pendingBits = 0;

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.position = position;
  }

  /** @param value a whole number from 0 on that `bits` bits hold, 32 at most */
  put(value: number, bits: number): void {
    if (bits > MOST_BITS) {
      this.#putShort(value & 0xffff, MOST_BITS);
      this.#putShort(value >>> MOST_BITS, bits - MOST_BITS);
    } else {
      this.#putShort(value, bits);
    }
  }

  /** Fills the last byte with zeros. */
  finish(): void {
    if (this.#pendingBits > 0) this.#bytes[this.position++] = this.#pending;
    this.#pending = 0;
    this.#pendingBits = 0;
  }

  #putShort(value: number, bits: number): void {
    let pending = this.#pending | (value << this.#pendingBits);
    let count = this.#pendingBits + bits;
    while (count >= 8) {
      this.#bytes[this.position++] = pending;
      pending >>>= 8;
      count -= 8;
    }
    this.#pending = pending;
    this.#pendingBits = count;
  }
}
