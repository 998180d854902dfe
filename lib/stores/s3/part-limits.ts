import { type ByteCount, parseByteCount } from '../../format/quantity.js';

/** Of every part but the last, as S3 has it. */
const MIN_PART_BYTES = 5 * 2 ** 20;
const MAX_PART_BYTES = 5 * 2 ** 30;

/** @throws RangeError when S3 would refuse parts of this size */
export function parsePartBytes(partBytes: ByteCount): number {
  const bytes = parseByteCount(partBytes, 'partBytes');
  if (bytes < MIN_PART_BYTES || bytes > MAX_PART_BYTES) {
    throw new RangeError(`partBytes is ${JSON.stringify(partBytes)}, expected 5 MiB to 5 GiB`);
  }
  return bytes;
}

/** @throws RangeError when no part could be sent */
export function checkConcurrentParts(parts: number): number {
  if (!Number.isSafeInteger(parts) || parts < 1) {
    throw new RangeError(`concurrentParts is ${parts}, expected a whole number, 1 or more`);
  }
  return parts;
}
