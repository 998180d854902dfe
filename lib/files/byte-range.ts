/** A span of an object: from byte `start` up to, but without, byte `end` (its end by default). */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/**
 * Refuses a range that is none. One that begins or ends past an object's end is good: it gives the
 * bytes that are there, as `Buffer.subarray` does.
 *
 * @throws RangeError which shows the range
 */
export function checkByteRange({ start, end = Number.MAX_SAFE_INTEGER }: ByteRange): void {
  const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (!isRange || start < 0 || end < start) {
    throw new RangeError(`range is ${start} to ${end}, expected whole numbers 0 <= start <= end`);
  }
}

/**
 * The range as HTTP has it, with the last byte in it. Undefined for all of an object, which some
 * services refuse as a range when the object is empty, and for no bytes, which HTTP cannot say.
 */
export function toRangeHeader({ start, end }: ByteRange = { start: 0 }): string | undefined {
  if (end === undefined) return start === 0 ? undefined : `bytes=${start}-`;
  return end === start ? undefined : `bytes=${start}-${end - 1}`;
}
