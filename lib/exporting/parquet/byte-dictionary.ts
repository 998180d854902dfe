import { isUtf8 } from 'node:buffer';

import { Slab } from '../../codec/bytes/slab.js';
import { mostBytes, NOT_WELL_FORMED, putText } from '../../codec/bytes/text.js';
import { hashOfBytes } from '../../codec/version-2/metadata-decoder.js';
import { createNumberList } from './number-list.js';
import { LENGTH_BYTES, PlainTexts } from './plain-texts.js';

/** As many slots are looked at, no more: texts may have been made to have one hash. */
const MOST_PROBES = 16;

/** Only so many bytes at each end of a text are hashed. */
const HASHED_BYTES = 32;

const FIRST_SLOT_BITS = 8;
const FREE = -1;

/**
 * Distinct texts in the layout of the encoding PLAIN, found by their bytes: making a string of each
 * would take longer than the rest of exporting it. A text may have several entries if many have one
 * hash.
 */
export class ByteDictionary {
  readonly #texts = new PlainTexts();
  /** Where the entry of each text begins. */
  readonly #starts = createNumberList();
  readonly #scratch = new Slab(0);
  #slotBits = FIRST_SLOT_BITS;
  /** The texts by their hashes. At least half of the slots are free. */
  #slots = new Int32Array(2 ** FIRST_SLOT_BITS).fill(FREE);

  get count(): number {
    return this.#texts.count;
  }

  /** The texts as the page of a dictionary has them, valid until the next one is added. */
  get bytes(): Buffer {
    return this.#texts.bytes;
  }

  get length(): number {
    return this.#texts.length;
  }

  /** The number of a text. Half of a surrogate pair becomes U+FFFD. */
  numberOf(text: string): number {
    const slab = this.#scratch;
    slab.clear();
    slab.reserve(mostBytes(text));
    const written = putText(slab.bytes, 0, text);
    const end = written === NOT_WELL_FORMED ? slab.bytes.write(text.toWellFormed()) : written;
    return this.numberOfBytes(slab.bytes, 0, end);
  }

  /** The number of the text that `source` has from `from` up to `to`. */
  numberOfBytes(source: Buffer, from: number, to: number): number {
    let slot = hashOf(source, from, to) >>> (32 - this.#slotBits);
    for (let probe = 0; probe < MOST_PROBES; probe++) {
      const known = this.#slots[slot] as number;
      if (known === FREE) return this.#add(source, from, to, slot);
      if (this.#isText(known, source, from, to)) return known;
      slot = (slot + 1) & (this.#slots.length - 1);
    }
    return this.#add(source, from, to);
  }

  clear(): void {
    this.#texts.clear();
    this.#starts.clear();
    this.#slots.fill(FREE);
  }

  #add(source: Buffer, from: number, to: number, slot?: number): number {
    if (!isText(source, from, to)) return this.numberOf(source.toString('utf8', from, to));
    const number = this.#texts.count;
    this.#starts.push(this.#texts.length);
    this.#texts.addBytes(source, from, to);
    if (slot !== undefined) this.#slots[slot] = number;
    if (2 * this.#texts.count > this.#slots.length) this.#grow();
    return number;
  }

  #isText(number: number, source: Buffer, from: number, to: number): boolean {
    const bytes = this.#texts.slab;
    const start = this.#starts.at(number);
    const length = to - from;
    if (bytes.readUInt32LE(start) !== length) return false;
    const first = start + LENGTH_BYTES;
    if (length > 2 * HASHED_BYTES) {
      return bytes.compare(source, from, to, first, first + length) === 0;
    }
    for (let i = 0; i < length; i++) if (bytes[first + i] !== source[from + i]) return false;
    return true;
  }

  #grow(): void {
    this.#slotBits++;
    this.#slots = new Int32Array(2 ** this.#slotBits).fill(FREE);
    const bytes = this.#texts.slab;
    for (let number = 0; number < this.#texts.count; number++) {
      const from = this.#starts.at(number) + LENGTH_BYTES;
      const to = from + bytes.readUInt32LE(from - LENGTH_BYTES);
      let slot = hashOf(bytes, from, to) >>> (32 - this.#slotBits);
      for (let probe = 0; probe < MOST_PROBES; probe++) {
        if (this.#slots[slot] === FREE) {
          this.#slots[slot] = number;
          break;
        }
        slot = (slot + 1) & (this.#slots.length - 1);
      }
    }
  }
}

function hashOf(bytes: Buffer, from: number, to: number): number {
  if (to - from <= 2 * HASHED_BYTES) return hashOfBytes(bytes, from, to);
  const ends = hashOfBytes(bytes, from, from + HASHED_BYTES);
  return Math.imul(ends ^ hashOfBytes(bytes, to - HASHED_BYTES, to), to - from);
}

/** Whether bytes are UTF-8. Most are ASCII, which a loop finds out faster than a call into C++. */
function isText(bytes: Buffer, from: number, to: number): boolean {
  if (to - from <= HASHED_BYTES) {
    let all = 0;
    for (let at = from; at < to; at++) all |= bytes[at] as number;
    if (all < 0x80) return true;
  }
  return isUtf8(bytes.subarray(from, to));
}
