import fc from 'fast-check';

import { writeSignedVarint, writeVarint } from '../../lib/codec/bytes/varint.js';

/** The last value of each length, and the first of the next. */
export const GROUP_BOUNDARIES = [1, 2, 3, 4, 5, 6, 7].flatMap((groups) => [
  2 ** (7 * groups) - 1,
  2 ** (7 * groups),
]);

/** The same for zigzags, where a value takes one bit more. */
export const SIGNED_BOUNDARIES = [1, 2, 3, 4, 5, 6, 7].flatMap((groups) => [
  2 ** (7 * groups - 1) - 1,
  2 ** (7 * groups - 1),
  -(2 ** (7 * groups - 1)),
  -(2 ** (7 * groups - 1)) - 1,
]);

/** Any signed value, those at the boundaries more often. */
export const anySigned = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(...SIGNED_BOUNDARIES),
  fc.integer({ min: -200, max: 200 }),
);

/** The varint of a value. */
export function encodeVarint(value: number): Buffer {
  const bytes = Buffer.alloc(16);
  return bytes.subarray(2, writeVarint(bytes, 2, value));
}

/** The zigzag varint of a value. */
export function encodeSignedVarint(value: number): Buffer {
  const bytes = Buffer.alloc(16);
  return bytes.subarray(2, writeSignedVarint(bytes, 2, value));
}
