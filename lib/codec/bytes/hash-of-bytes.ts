/** The prime of 32-bit FNV-1a (RFC 9923). */
const FNV_PRIME = 0x01000193;

/** 2^32 over the golden ratio: the high bits of a product know all bits of what it is of. */
const GOLDEN = 0x9e3779b1;

/** A hash of 32 bits, signed, whose high bits are its best. */
export function hashOfBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), FNV_PRIME);
  return Math.imul(hash, GOLDEN);
}
