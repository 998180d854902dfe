import { hashOfBytes } from '../../codec/version-2/metadata-decoder.js';
import { LENGTH_BYTES, PlainTexts } from './plain-texts.js';

/** Texts of a column, without those that occurred before. */
export interface DistinctTexts {
  /** In the layout of the encoding PLAIN. */
  readonly bytes: Buffer;
  readonly count: number;
  /** The number of each text of the column among them. */
  readonly numbers: Uint32Array;
}

/** After so many texts, and again each time, half of them must have occurred before. */
const TRIAL = 512;

/** As many slots are looked at, no more: texts may have been made to have one hash. */
const MOST_PROBES = 16;

/** Only so many bytes at each end of a text are hashed. */
const HASHED_BYTES = 32;

const FREE = -1;

/**
 * Finds the distinct texts among texts in the layout of the encoding PLAIN.
 *
 * @returns undefined if too few occur more than once
 */
export function distinctTexts(plain: Buffer, count: number): DistinctTexts | undefined {
  const slotBits = Math.max(4, 33 - Math.clz32(count));
  const slots = new Int32Array(2 ** slotBits).fill(FREE);
  const distinct = new PlainTexts();
  const starts: number[] = [];
  const numbers = new Uint32Array(count);
  let texts = 0;
  for (let at = 0; at < plain.length; ) {
    const from = at + LENGTH_BYTES;
    const to = from + plain.readUInt32LE(at);
    let slot = hashOf(plain, from, to) >>> (32 - slotBits);
    let number = FREE;
    for (let probe = 0; number === FREE; probe++) {
      if (probe === MOST_PROBES) return undefined;
      const known = slots[slot] ?? FREE;
      if (known === FREE) {
        number = distinct.count;
        slots[slot] = number;
        starts.push(at);
        distinct.addBytes(plain, from, to);
      } else if (isSame(plain, starts[known] ?? 0, at)) {
        number = known;
      }
      slot = (slot + 1) & (slots.length - 1);
    }
    numbers[texts++] = number;
    if (texts % TRIAL === 0 && 2 * distinct.count > texts) return undefined;
    at = to;
  }
  return 2 * distinct.count > count
    ? undefined
    : { bytes: distinct.bytes, count: distinct.count, numbers };
}

function hashOf(bytes: Buffer, from: number, to: number): number {
  if (to - from <= 2 * HASHED_BYTES) return hashOfBytes(bytes, from, to);
  const ends = hashOfBytes(bytes, from, from + HASHED_BYTES);
  return Math.imul(ends ^ hashOfBytes(bytes, to - HASHED_BYTES, to), to - from);
}

/** Whether two texts have the same length and bytes. */
function isSame(plain: Buffer, left: number, right: number): boolean {
  const end = LENGTH_BYTES + plain.readUInt32LE(left);
  if (end > 2 * HASHED_BYTES) {
    const other = right + LENGTH_BYTES + plain.readUInt32LE(right);
    return plain.compare(plain, left, left + end, right, other) === 0;
  }
  for (let i = 0; i < end; i++) if (plain[left + i] !== plain[right + i]) return false;
  return true;
}
