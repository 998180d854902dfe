import { randomBytes } from 'node:crypto';

import { hashValue, mix, type ValueHash } from './value-hash.js';

/** Makes the slots of the table hard to predict. */
const SALT = randomBytes(4).readInt32LE();

const FIRST_CAPACITY = 64;

/** The set does not keep more values of one block: they would take more memory than the block. */
const MOST_VALUES = 2 ** 16;

/**
 * How many slots are tried for a value. More are needed only if values were chosen to share a slot,
 * which would make each of them slower than the one before.
 */
const MOST_PROBES = 64;

/** The distinct values of a key in a block, as spans of its body. */
export class ValueSet {
  size = 0;
  /** Whether there were values that the set did not take. */
  isOverfull = false;
  /** For each value its start and its end. */
  #spans = new Uint32Array(2 * FIRST_CAPACITY);
  /** The number of a value, plus 1; 0 if a slot is free. At most half of them are taken. */
  #slots = new Int32Array(2 * FIRST_CAPACITY);

  clear(): void {
    this.isOverfull = false;
    if (this.size === 0) return;
    this.size = 0;
    this.#slots.fill(0);
  }

  /** Adds the value from `start` to `end` of `bytes`, which must be those of all other values. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const mask = this.#slots.length - 1;
    let slot = slotHash(bytes, start, end) & mask;
    for (let probes = 0; ; probes++) {
      const taken = this.#slots[slot] as number;
      if (taken === 0) break;
      if (this.#isAt(taken - 1, bytes, start, end)) return;
      if (probes === MOST_PROBES) {
        this.isOverfull = true;
        return;
      }
      slot = (slot + 1) & mask;
    }
    if (this.size === MOST_VALUES) {
      this.isOverfull = true;
      return;
    }
    const value = this.size++;
    this.#slots[slot] = value + 1;
    this.#spans[2 * value] = start;
    this.#spans[2 * value + 1] = end;
    if (2 * this.size > mask) this.#grow(bytes);
  }

  /** The two hashes of each value. */
  hashes(bytes: Uint8Array): Int32Array {
    const hashes = new Int32Array(2 * this.size);
    const hash: ValueHash = { first: 0, second: 0 };
    for (let value = 0; value < this.size; value++) {
      hashValue(bytes, this.startOf(value), this.endOf(value), hash);
      hashes[2 * value] = hash.first;
      hashes[2 * value + 1] = hash.second;
    }
    return hashes;
  }

  startOf(value: number): number {
    return this.#spans[2 * value] as number;
  }

  endOf(value: number): number {
    return this.#spans[2 * value + 1] as number;
  }

  #isAt(value: number, bytes: Uint8Array, start: number, end: number): boolean {
    const known = this.#spans[2 * value] as number;
    if ((this.#spans[2 * value + 1] as number) - known !== end - start) return false;
    for (let i = end - start - 1; i >= 0; i--) {
      if (bytes[known + i] !== bytes[start + i]) return false;
    }
    return true;
  }

  #grow(bytes: Uint8Array): void {
    const capacity = 2 * this.#slots.length;
    const spans = this.#spans;
    this.#spans = new Uint32Array(capacity);
    this.#spans.set(spans);
    this.#slots = new Int32Array(capacity);
    for (let value = 0; value < this.size; value++) {
      let slot = slotHash(bytes, this.startOf(value), this.endOf(value)) & (capacity - 1);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (capacity - 1);
      this.#slots[slot] = value + 1;
    }
  }
}

/** Any hash that is fast. It is not written. */
function slotHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = SALT ^ (end - start);
  let at = start;
  for (const whole = end - 3; at < whole; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x9e3779b1);
  return mix(hash);
}
