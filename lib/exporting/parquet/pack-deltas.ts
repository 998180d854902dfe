import { writeSignedVarint, writeVarint } from '../../codec/bytes/varint.js';
import { BitWriter } from './bit-writer.js';
import { bitsOf } from './pack-numbers.js';
import { scratchOf } from './scratch.js';

/** Differences of a block share a least one, and those of a quarter of it a width. */
const BLOCK = 128;
const QUARTER = 32;

/** The most that a block takes: its least difference, four widths, 128 numbers of 32 bits. */
const BLOCK_BYTES = 8 + 4 + 4 * BLOCK;
const HEADER_BYTES = 24;

/** Differences up to this are exact as doubles, and fit `writeSignedVarint`. */
const MOST_DIFFERENCE = 2 ** 52;

/**
 * Encodes whole numbers as their differences: DELTA_BINARY_PACKED of Parquet, which takes next to
 * nothing for sequences and a byte or two for times.
 *
 * @param numbers safe integers
 * @returns undefined if differences of a block lie further apart than 32 bits can say: they would
 *   save nothing
 */
export function packDeltas(numbers: Float64Array): Buffer | undefined {
  const { length } = numbers;
  const blocks = Math.ceil(Math.max(length - 1, 0) / BLOCK);
  const bytes = scratchOf(HEADER_BYTES + blocks * BLOCK_BYTES);
  let end = writeVarint(bytes, 0, BLOCK);
  end = writeVarint(bytes, end, BLOCK / QUARTER);
  end = writeVarint(bytes, end, length);
  end = writeSignedVarint(bytes, end, numbers[0] ?? 0);
  const differences = new Float64Array(BLOCK);
  for (let start = 1; start < length; start += BLOCK) {
    const count = Math.min(BLOCK, length - start);
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const difference = (numbers[start + i] ?? 0) - (numbers[start + i - 1] ?? 0);
      differences[i] = difference;
      if (difference < least) least = difference;
      if (difference > most) most = difference;
    }
    if (Math.max(-least, most) > MOST_DIFFERENCE || most - least > 0xffff_ffff) return undefined;
    end = packBlock(bytes, writeSignedVarint(bytes, end, least), differences, count, least);
  }
  return Buffer.from(bytes.subarray(0, end));
}

/** Writes the widths of a block, then the differences less the least one. */
function packBlock(
  bytes: Uint8Array,
  start: number,
  differences: Float64Array,
  count: number,
  least: number,
): number {
  let end = start + BLOCK / QUARTER;
  for (let quarter = 0; quarter < BLOCK / QUARTER; quarter++) {
    const from = quarter * QUARTER;
    const to = Math.min(from + QUARTER, count);
    let most = 0;
    for (let i = from; i < to; i++) most = Math.max(most, (differences[i] ?? 0) - least);
    const bits = bitsOf(most);
    bytes[start + quarter] = bits;
    // A quarter without numbers, or of equal ones, has only its width of zero.
    if (bits === 0) continue;
    const writer = new BitWriter(bytes, end);
    for (let i = from; i < from + QUARTER; i++) {
      writer.put(i < to ? ((differences[i] ?? 0) - least) >>> 0 : 0, bits);
    }
    writer.finish();
    end = writer.position;
  }
  return end;
}
