import {
  MAX_LISTED_BYTES,
  MAX_LISTED_VALUE_BYTES,
  MAX_LISTED_VALUES,
  MIN_FILTER_BYTES,
} from '../../format/metadata-index.js';
import { varintBytes } from '../bytes/varint.js';
import { hashValue, type ValueHash } from './value-hash.js';
import type { ValueSet } from './value-set.js';

/**
 * The values of a key in a run of blocks, while they are collected: the numbers of listed values,
 * ascending (Uint16Array); two hashes per value (Int32Array); no value; or any.
 */
export type RunValues = 'none' | 'any' | Uint16Array | Int32Array;

/** With more values in a block, their hashes take less space than a list. */
const MOST_LISTED_PER_BLOCK = 64;

/** Collects the values of one key in the runs of an archive, with bounded memory. */
export class KeyValues {
  /** The listed values, by their numbers. */
  readonly listed: Buffer[] = [];
  /** The size of the listed values, with their lengths. */
  listedBytes = 0;
  /** The number of each listed value, by its bytes as Latin-1. */
  readonly #numbers = new Map<string, number>();
  readonly #hash: ValueHash = { first: 0, second: 0 };
  /** The last list: most blocks have the same values, and share it. */
  #lastList = new Uint16Array(0);
  #isGivenUp = false;

  /** The values of a block. */
  take(set: ValueSet, body: Buffer): RunValues {
    if (set.size === 0) return 'none';
    if (this.#isGivenUp || set.isOverfull) return 'any';
    return this.#list(set, body) ?? set.hashes(body);
  }

  /** From now on any value may occur: its values take too much memory. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  /** The values of two neighbouring runs. */
  merge(a: RunValues, b: RunValues): RunValues {
    if (a === 'any' || b === 'any' || this.#isGivenUp) return a === b ? a : 'any';
    if (a === 'none' || a === b) return b;
    if (b === 'none') return a;
    if (a instanceof Uint16Array && b instanceof Uint16Array) {
      return Uint16Array.from(new Set([...a, ...b])).sort();
    }
    return joinHashes(this.hashesOf(a), this.hashesOf(b));
  }

  /** Two hashes per value. */
  hashesOf(values: Uint16Array | Int32Array): Int32Array {
    if (values instanceof Int32Array) return values;
    const hashes = new Int32Array(2 * values.length);
    for (const [i, number] of values.entries()) {
      const value = this.listed[number] as Buffer;
      hashValue(value, 0, value.length, this.#hash);
      hashes[2 * i] = this.#hash.first;
      hashes[2 * i + 1] = this.#hash.second;
    }
    return hashes;
  }

  /** Returns null if a value cannot be listed, or there are too many. */
  #list(set: ValueSet, body: Buffer): Uint16Array | null {
    if (set.size > MOST_LISTED_PER_BLOCK) return null;
    const list = new Uint16Array(set.size);
    for (let value = 0; value < set.size; value++) {
      const number = this.#numberOf(body, set.startOf(value), set.endOf(value));
      if (number === undefined) return null;
      list[value] = number;
    }
    list.sort();
    const last = this.#lastList;
    const isSame = list.length === last.length && list.every((number, i) => number === last[i]);
    if (!isSame) this.#lastList = list;
    return this.#lastList;
  }

  #numberOf(body: Buffer, start: number, end: number): number | undefined {
    const bytes = end - start;
    if (bytes > MAX_LISTED_VALUE_BYTES) return undefined;
    const name = body.toString('latin1', start, end);
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const listedBytes = this.listedBytes + varintBytes(bytes) + bytes;
    if (this.listed.length === MAX_LISTED_VALUES || listedBytes > MAX_LISTED_BYTES)
      return undefined;
    const number = this.listed.length;
    this.#numbers.set(name, number);
    this.listed.push(Buffer.from(body.subarray(start, end)));
    this.listedBytes = listedBytes;
    return number;
  }
}

/** Each pair of hashes once. */
function joinHashes(a: Int32Array, b: Int32Array): Int32Array {
  const pairs = new BigInt64Array((a.length + b.length) / 2);
  const hashes = new Int32Array(pairs.buffer);
  hashes.set(a);
  hashes.set(b, a.length);
  pairs.sort();
  let count = 0;
  for (const [i, pair] of pairs.entries()) {
    if (i === 0 || pair !== pairs[i - 1]) pairs[count++] = pair;
  }
  return hashes.slice(0, 2 * count);
}

/** How much memory values take, in units of what a listed value or two hashes take in the frame. */
export function weightOf(values: RunValues): number {
  if (typeof values === 'string') return 0;
  return values instanceof Uint16Array
    ? values.length
    : Math.max(values.length / 2, MIN_FILTER_BYTES / 2);
}
