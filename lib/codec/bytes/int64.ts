/** 64-bit integers, little-endian. Only those that a double holds exactly are valid. */

const TWO_TO_32 = 2 ** 32;

/** Writes an integer within ±(2^53 - 1), two's complement. */
export function writeInt64(bytes: Buffer, at: number, value: number): void {
  const high = Math.floor(value / TWO_TO_32);
  bytes.writeUInt32LE(value - high * TWO_TO_32, at);
  bytes.writeInt32LE(high, at + 4);
}

/** Reads a signed integer; NaN if it is outside ±(2^53 - 1). */
export function readInt64(bytes: Buffer, at: number): number {
  const value = bytes.readInt32LE(at + 4) * TWO_TO_32 + bytes.readUInt32LE(at);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** Reads an unsigned integer; NaN if it is over 2^53 - 1. */
export function readUint64(bytes: Buffer, at: number): number {
  const value = bytes.readUInt32LE(at + 4) * TWO_TO_32 + bytes.readUInt32LE(at);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}
