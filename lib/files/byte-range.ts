import { quote } from '../errors/show.js';
/**
 * A range of bytes: from `start` up to, but without, `end`, by default to the end of the object.
 */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/**
 * Checks a range. A range may begin or end past the object's end: it gives the bytes that are
 * there, as `Buffer.subarray` does.
 *
 * @throws RangeError that shows the range
 */
export function checkByteRange({ start, end = Number.MAX_SAFE_INTEGER }: ByteRange): void {
  const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (!isRange || start < 0 || end < start) {
    throw new RangeError(
      `range is ${quote(start)} to ${quote(end)}, expected whole numbers 0 <= start <= end`,
    );
  }
}

/**
 * The value of an HTTP `Range` header, which includes the last byte. Undefined for a whole object,
 * since some services refuse a range of an empty object, and for an empty range, which HTTP cannot
 * express.
 */
export function toRangeHeader({ start, end }: ByteRange = { start: 0 }): string | undefined {
  if (end === undefined) return start === 0 ? undefined : `bytes=${start}-`;
  return end === start ? undefined : `bytes=${start}-${end - 1}`;
}
