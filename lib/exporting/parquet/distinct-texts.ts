import { ByteDictionary } from './byte-dictionary.js';
import { LENGTH_BYTES } from './plain-texts.js';

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

/**
 * Finds the distinct texts among texts in the layout of the encoding PLAIN.
 *
 * @returns undefined if too few occur more than once
 */
export function distinctTexts(plain: Buffer, count: number): DistinctTexts | undefined {
  const distinct = new ByteDictionary();
  const numbers = new Uint32Array(count);
  let texts = 0;
  for (let at = 0; at < plain.length; ) {
    const from = at + LENGTH_BYTES;
    at = from + plain.readUInt32LE(at);
    numbers[texts++] = distinct.numberOfBytes(plain, from, at);
    if (texts % TRIAL === 0 && 2 * distinct.count > texts) return undefined;
  }
  return 2 * distinct.count > count
    ? undefined
    : { bytes: distinct.bytes, count: distinct.count, numbers };
}
