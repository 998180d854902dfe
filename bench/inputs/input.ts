import { readCorpus } from './corpus.js';
import { makeSmallRecords, makeVariedRecords } from './small-records.js';

export interface BenchRecord<Payload extends string | Buffer = string | Buffer> {
  readonly metadata: Readonly<Record<string, string>>;
  readonly payload: Payload;
}

/**
 * `corpus`: notifications of 2.9 KB with 4 pairs of metadata; `small`: 200 B with 2 pairs that
 * repeat; `varied`: 200 B with 2 pairs, one of which differs in each record. Payloads are text, or
 * Buffers where the name says bytes.
 */
export type InputName = (typeof INPUT_NAMES)[number];

const INPUT_NAMES = ['corpus', 'corpusBytes', 'small', 'varied', 'variedBytes'] as const;

/** Whether an input of that name exists. */
export function isInputName(name: string | undefined): name is InputName {
  return INPUT_NAMES.some((known) => known === name);
}

/** The input of the writing cases: `count` records that repeat the distinct ones. */
export interface Input {
  readonly name: InputName;
  readonly distinct: readonly BenchRecord[];
  readonly count: number;
  /** Bytes of payloads and metadata of all `count` records. */
  readonly bytes: number;
}

/** About 120 MB of payload each, so that a writer that rolls at 100 MB rolls once. */
const FULL_COUNTS: Readonly<Record<InputName, number>> = {
  corpus: 40_000,
  corpusBytes: 40_000,
  small: 500_000,
  varied: 500_000,
  variedBytes: 500_000,
};

const DISTINCT: Readonly<Record<InputName, () => BenchRecord[] | Promise<BenchRecord[]>>> = {
  corpus: readCorpus,
  corpusBytes: async () => (await readCorpus()).map(withBytes),
  small: makeSmallRecords,
  varied: makeVariedRecords,
  variedBytes: () => makeVariedRecords().map(withBytes),
};

/** @param scale the share of the full count; less than 1 for a quick run */
export async function loadInput(name: InputName, scale: number): Promise<Input> {
  return inputOf(name, await DISTINCT[name](), Math.ceil(FULL_COUNTS[name] * scale));
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

function withBytes({ metadata, payload }: BenchRecord<string>): BenchRecord<Buffer> {
  return { metadata, payload: Buffer.from(payload) };
}

function bytesOf({ metadata, payload }: BenchRecord): number {
  return Buffer.byteLength(Object.entries(metadata).flat().join('')) + Buffer.byteLength(payload);
}
