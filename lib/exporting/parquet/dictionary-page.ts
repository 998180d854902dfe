import type { Page } from './column-chunk.js';
import { bitsOf, packNumbers } from './pack-numbers.js';

/** How a page holds numbers in a dictionary of `count` texts. */
export function encodeNumbers(
  numbers: Uint32Array,
  count: number,
): Pick<Page, 'encoding' | 'bytes'> {
  // Without a dictionary there is no value: every row is null, or an empty map.
  if (count === 0) return { encoding: 'PLAIN', bytes: Buffer.alloc(0) };
  const bits = bitsOf(count - 1);
  const packed = packNumbers(numbers, bits);
  return { encoding: 'RLE_DICTIONARY', bytes: Buffer.concat([Buffer.of(bits), packed]) };
}
