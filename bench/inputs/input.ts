import { readCorpus } from './corpus.js';
import { makeSmallRecords } from './small-records.js';

export interface BenchRecord {
  readonly metadata: Readonly<Record<string, string>>;
  readonly payload: string;
}

/** `corpus`: notifications of 2.9 KB with 4 pairs of metadata; `small`: 200 B with 2 pairs. */
export type InputName = 'corpus' | 'small';

/** The input of the writing cases: `count` records that repeat the distinct ones. */
export interface Input {
  readonly name: InputName;
  readonly distinct: readonly BenchRecord[];
  readonly count: number;
  /** Bytes of payloads and metadata of all `count` records. */
  readonly bytes: number;
}

/** About 120 MB of payload each, so that a writer that rolls at 100 MB rolls once. */
const FULL_COUNTS: Readonly<Record<InputName, number>> = { corpus: 40_000, small: 500_000 };

/** @param scale the share of the full count; less than 1 for a quick run */
export async function loadInput(name: InputName, scale: number): Promise<Input> {
  const distinct = name === 'corpus' ? await readCorpus() : makeSmallRecords();
  return inputOf(name, distinct, Math.ceil(FULL_COUNTS[name] * scale));
}

/** `count` records that repeat the distinct ones in turn. */
export function inputOf(name: InputName, distinct: readonly BenchRecord[], count: number): Input {
  const sizes = distinct.map(bytesOf);
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += sizes[i % sizes.length] ?? 0;
  return { name, distinct, count, bytes };
}

/** All records of an input, in order. */
export function* recordsOf({ count, distinct }: Input): Generator<BenchRecord> {
  for (let left = count; left > 0; left -= distinct.length) {
    yield* left >= distinct.length ? distinct : distinct.slice(0, left);
  }
}

function bytesOf({ metadata, payload }: BenchRecord): number {
  const text = Object.entries(metadata).flat().join('') + payload;
  return Buffer.byteLength(text);
}
