/** 64-bit integers, little-endian, of which only those that a double holds exactly are valid. */

const TWO_TO_32 = 2 ** 32;

/** Writes an integer within ±(2^53 - 1), two's complement. */
export function writeInt64(bytes: Buffer, offset: number, value: number): void {
  const high = Math.floor(value / TWO_TO_32);
  bytes.writeUInt32LE(value - high * TWO_TO_32, offset);
  bytes.writeInt32LE(high, offset + 4);
}

/** Reads a signed integer; NaN when it is outside ±(2^53 - 1). */
export function readInt64(bytes: Buffer, offset: number): number {
  const value = bytes.readInt32LE(offset + 4) * TWO_TO_32 + bytes.readUInt32LE(offset);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** Reads an unsigned integer; NaN when it is over 2^53 - 1. */
export function readUint64(bytes: Buffer, offset: number): number {
  const value = bytes.readUInt32LE(offset + 4) * TWO_TO_32 + bytes.readUInt32LE(offset);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}
