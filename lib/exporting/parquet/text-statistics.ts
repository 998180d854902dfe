import { LENGTH_BYTES } from './plain-texts.js';

/** The footer's bounds of the texts of a column, and its count of nulls. */
export interface TextStatistics {
  readonly min_value?: Buffer;
  readonly max_value?: Buffer;
  readonly null_count: bigint;
}

/**
 * hyparquet-writer cuts a bound to 16 bytes when it writes the footer. Until then more of it would
 * only take memory.
 */
const KEPT_BYTES = 64;

/** The greatest code point: what begins with it has no short upper bound. */
const GREATEST = Buffer.from('\u{10ffff}');

/** The least and the greatest text, in the order of their bytes, with which readers skip row groups. */
export function textStatistics(plain: Buffer, nulls: number): TextStatistics {
  const null_count = BigInt(nulls);
  if (plain.length === 0) return { null_count };
  let least = 0;
  let most = 0;
  for (let at = 0; at < plain.length; at += LENGTH_BYTES + plain.readUInt32LE(at)) {
    if (compareTexts(plain, at, least) < 0) least = at;
    else if (compareTexts(plain, at, most) > 0) most = at;
  }
  const max_value = boundAt(plain, most);
  const isCut = plain.readUInt32LE(most) > KEPT_BYTES;
  const hasBound = !isCut || !max_value.subarray(0, GREATEST.length).equals(GREATEST);
  return { min_value: boundAt(plain, least), ...(hasBound && { max_value }), null_count };
}

/** A copy: the texts' memory is used again. */
function boundAt(plain: Buffer, at: number): Buffer {
  const start = at + LENGTH_BYTES;
  const length = Math.min(plain.readUInt32LE(at), KEPT_BYTES);
  return Buffer.from(plain.subarray(start, start + length));
}

/** Compares two texts by their bytes. Most differ in one of the first. */
function compareTexts(plain: Buffer, left: number, right: number): number {
  if (left === right) return 0;
  const leftLength = plain.readUInt32LE(left);
  const rightLength = plain.readUInt32LE(right);
  const end = LENGTH_BYTES + Math.min(leftLength, rightLength);
  for (let i = LENGTH_BYTES; i < end; i++) {
    const difference = (plain[left + i] as number) - (plain[right + i] as number);
    if (difference !== 0) return difference;
  }
  return leftLength - rightLength;
}
