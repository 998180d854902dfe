import { writeVarint } from '../../codec/bytes/varint.js';
import { scratchOf } from './scratch.js';

/** Numbers are bit-packed in groups of eight. Only runs that are as long are worth an entry. */
const GROUP = 8;

/** The most that the header of a run or of some groups takes, and the value of a run. */
const HEADER_BYTES = 8;
const VALUE_BYTES = 4;

/** How many bits numbers up to `most` take. */
export function bitsOf(most: number): number {
  return 32 - Math.clz32(most);
}

/** Encodes `count` equal numbers. `packNumbers` finds such runs itself. */
export function packRun(value: number, count: number, bits: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + VALUE_BYTES);
  return bytes.subarray(0, writeRun(bytes, 0, value, count, bits));
}

/**
 * Encodes numbers as runs and bit-packed groups: the encoding RLE of Parquet, without the length
 * that some places want before it.
 *
 * @param bits how many bits each number takes: 25 at most, so that 32 hold it and what is pending
 */
export function packNumbers(numbers: Uint8Array | Uint32Array, bits: number): Buffer {
  const { length } = numbers;
  const groups = Math.ceil(length / GROUP);
  const bytes = scratchOf(groups * (HEADER_BYTES + VALUE_BYTES + bits));
  let end = 0;
  let packedFrom = 0;
  let at = 0;
  while (at < length) {
    const runEnd = endOfRun(numbers, at);
    if (runEnd - at < GROUP && runEnd < length) {
      at += GROUP;
      continue;
    }
    end = packGroups(bytes, end, numbers, packedFrom, at, bits);
    end = writeRun(bytes, end, numbers[at] ?? 0, runEnd - at, bits);
    at = runEnd;
    packedFrom = at;
  }
  end = packGroups(bytes, end, numbers, packedFrom, length, bits);
  return Buffer.from(bytes.subarray(0, end));
}

function writeRun(
  bytes: Uint8Array,
  start: number,
  value: number,
  count: number,
  bits: number,
): number {
  let end = writeVarint(bytes, start, 2 * count);
  for (let shift = 0; shift < bits; shift += 8) bytes[end++] = value >>> shift;
  return end;
}

/** Where the run of equal numbers that begins at `at` ends. */
function endOfRun(numbers: Uint8Array | Uint32Array, at: number): number {
  const first = numbers[at];
  let end = at + 1;
  while (end < numbers.length && numbers[end] === first) end++;
  return end;
}

/** Packs the numbers from `from` up to `to`, the last group filled with zeros. */
function packGroups(
  bytes: Uint8Array,
  start: number,
  numbers: Uint8Array | Uint32Array,
  from: number,
  to: number,
  bits: number,
): number {
  if (from >= to) return start;
  const groups = Math.ceil((to - from) / GROUP);
  let end = writeVarint(bytes, start, 2 * groups + 1);
  const last = from + groups * GROUP;
  // Groups end with whole bytes. `BitWriter` takes three times as long.
  let pending = 0;
  let count = 0;
  for (let i = from; i < last; i++) {
    if (i < to) pending |= (numbers[i] as number) << count;
    count += bits;
    while (count >= 8) {
      bytes[end++] = pending;
      pending >>>= 8;
      count -= 8;
    }
  }
  return end;
}
