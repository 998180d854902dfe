import {
  FILTER_BYTES_PER_VALUE,
  FILTER_PROBES,
  MIN_FILTER_BYTES,
} from '../../format/metadata-index.js';
import { mix, type ValueHash } from './value-hash.js';

/** The size of a filter for so many distinct values. */
export function filterBytes(values: number): number {
  return Math.max(values * FILTER_BYTES_PER_VALUE, MIN_FILTER_BYTES);
}

/** Adds a value to a Bloom filter (docs/format.md, "The metadata index"). */
export function addToFilter(filter: Uint8Array, first: number, second: number): void {
  const bits = 8 * filter.length;
  for (let probe = 0; probe < FILTER_PROBES; probe++) {
    const bit = bitOf(first, second, probe, bits);
    filter[bit >>> 3] = (filter[bit >>> 3] as number) | (1 << (bit & 7));
  }
}

/** Whether a value may have been added. One of 2,100 other values seems to be. */
export function mayHold(filter: Uint8Array, { first, second }: ValueHash): boolean {
  const bits = 8 * filter.length;
  for (let probe = 0; probe < FILTER_PROBES; probe++) {
    const bit = bitOf(first, second, probe, bits);
    if (((filter[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/**
 * Mixed once per probe: without that, the probes of two values would all meet as soon as the
 * remainders of their hashes do, which in a small filter is often.
 */
function bitOf(first: number, second: number, probe: number, bits: number): number {
  return (mix((first + Math.imul(probe, second)) | 0) >>> 0) % bits;
}
