import { MAX_INDEXED_RUNS, MAX_METADATA_INDEX_BYTES } from '../../format/metadata-index.js';
import { HEADER_BYTES } from '../../format/version-2.js';
import { BoundedEntries } from '../bytes/bounded-entries.js';
import type { BlockFacts } from '../version-2/block-builder.js';
import { BlockValues } from './block-values.js';
import { encodeMetadataIndex } from './encode-metadata-index.js';
import { KeyValues, type RunValues, weightOf } from './key-values.js';

/** The values of a run of blocks. */
export interface ValueRun {
  /** Where its first block begins: bytes from the start of the archive. */
  readonly offset: number;
  /** For each key, by its number. */
  readonly values: readonly RunValues[];
}

/** The facts in the header of the frame. Times are µs since the epoch. */
export interface MetadataIndexFacts {
  /** 8 bytes. */
  readonly writerId: Uint8Array;
  /** Follows the archive's last record. */
  readonly nextSequence: number;
  /** The size of the archive before the frame. */
  readonly archiveBytes: number;
}

/**
 * How many listed values and hashes are kept for an archive. They take 16 MiB as hashes, and at most
 * 6 MiB in the frame.
 */
const MOST_VALUES = 2 ** 21;

/**
 * Collects the metadata index of an archive as its blocks end (docs/format.md, "The metadata
 * index"). Memory is bounded: runs are merged, and in the end a key with too many values is given
 * up, so that any value may occur in its blocks.
 */
export class MetadataIndexBuilder {
  readonly #keys: readonly Buffer[];
  readonly #block: BlockValues;
  readonly #values: readonly KeyValues[];
  readonly #runs: BoundedEntries<ValueRun>;
  readonly #mostValues: number;
  #offset = 0;
  #weight = 0;

  constructor(keys: readonly Buffer[], mostRuns = MAX_INDEXED_RUNS, mostValues = MOST_VALUES) {
    this.#keys = keys;
    this.#mostValues = mostValues;
    this.#block = new BlockValues(keys);
    this.#values = keys.map(() => new KeyValues());
    this.#runs = new BoundedEntries(mostRuns, (a, b) => this.#merge(a, b));
  }

  /** @param body the block's body: its memory is not kept */
  add({ bytes, records }: Pick<BlockFacts, 'bytes' | 'records'>, body: Buffer): void {
    this.#block.collect(body, records);
    const values = this.#values.map((key, i) => {
      const set = this.#block.sets[i];
      return set === undefined ? 'any' : key.take(set, body);
    });
    this.#runs.add({ offset: this.#offset, values });
    this.#offset += bytes;
    this.#weight += sumOf(values.map(weightOf));
    if (this.#weight > this.#mostValues) this.#shrink();
  }

  /**
   * Encodes the index as a whole frame.
   *
   * @param missingBytes how many bytes at the start of the archive are in another file
   * @returns null if no run begins there, or if no reader would accept a frame of that size
   */
  encode(facts: MetadataIndexFacts, missingBytes = 0): Buffer | null {
    const runs = this.#runs.entries
      .filter(({ offset }) => offset >= missingBytes)
      .map(({ offset, values }) => ({ offset: offset - missingBytes, values }));
    if (runs[0]?.offset !== 0) return null;
    const frame = encodeMetadataIndex({ ...facts, keys: this.#keys, values: this.#values, runs });
    return frame.length <= HEADER_BYTES + MAX_METADATA_INDEX_BYTES ? frame : null;
  }

  #merge(first: ValueRun, second: ValueRun): ValueRun {
    const values = this.#values.map((key, i) =>
      key.merge(first.values[i] ?? 'any', second.values[i] ?? 'any'),
    );
    return { offset: first.offset, values };
  }

  /** Merges neighbours. If that is not enough, keys with the most values are given up. */
  #shrink(): void {
    // The new values may have merged with earlier ones.
    if (sumOf(this.#weights()) > (3 / 4) * this.#mostValues) this.#runs.halve();
    const weights = this.#weights();
    while (sumOf(weights) > (3 / 4) * this.#mostValues) {
      const heaviest = weights.indexOf(Math.max(...weights));
      this.#giveUp(heaviest);
      weights[heaviest] = 0;
    }
    this.#weight = sumOf(weights);
  }

  #giveUp(key: number): void {
    this.#values[key]?.giveUp();
    this.#runs.replaceAll(({ offset, values }) => ({
      offset,
      values: values.map((one, i) => (i === key && one !== 'none' ? 'any' : one)),
    }));
  }

  #weights(): number[] {
    return this.#values.map((_, i) =>
      this.#runs.entries.reduce((sum, { values }) => sum + weightOf(values[i] ?? 'any'), 0),
    );
  }
}

function sumOf(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}
