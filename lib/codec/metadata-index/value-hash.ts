/** Two 32-bit hashes of a value; signed, as bitwise operators return them. */
export interface ValueHash {
  first: number;
  second: number;
}

const MULTIPLIER_1 = 0xcc9e2d51;
const MULTIPLIER_2 = 0x1b873593;

/**
 * MurmurHash3 (x86, 32 bits) of `bytes` from `start` to `end`, with the seeds 0 and 1, in one pass
 * over the bytes. Not cryptographic: other values with the same hashes can be made, so equal hashes
 * do not prove equal values.
 *
 * @param into receives the hashes; no object is made per value
 * @see https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 */
export function hashValue(bytes: Uint8Array, start: number, end: number, into: ValueHash): void {
  let first = 0;
  let second = 1;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const block = scramble(wordAt(bytes, at, 4));
    first = advance(first, block);
    second = advance(second, block);
  }
  if (at < end) {
    const block = scramble(wordAt(bytes, at, end - at));
    first ^= block;
    second ^= block;
  }
  into.first = mix(first ^ (end - start));
  into.second = mix(second ^ (end - start));
}

/** The finalizer of MurmurHash3: each bit of the result depends on all bits of `value`. */
export function mix(value: number): number {
  let bits = value ^ (value >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

/** Up to four bytes as a little-endian integer. */
function wordAt(bytes: Uint8Array, at: number, count: number): number {
  let word = 0;
  for (let i = count - 1; i >= 0; i--) word = (word << 8) | (bytes[at + i] as number);
  return word;
}

function scramble(word: number): number {
  const block = Math.imul(word, MULTIPLIER_1);
  return Math.imul((block << 15) | (block >>> 17), MULTIPLIER_2);
}

function advance(hash: number, block: number): number {
  const bits = hash ^ block;
  return (Math.imul((bits << 13) | (bits >>> 19), 5) + 0xe6546b64) | 0;
}
