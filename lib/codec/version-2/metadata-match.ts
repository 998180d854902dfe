import type { VarintReader } from '../bytes/varint-reader.js';
import type { RawPair } from '../records/archive-record.js';
import { ValueMatch, type WantedValues } from './value-match.js';

/** The values that a record must have, for each key. A record without the key never matches. */
export class MetadataMatch {
  readonly #keys: readonly Buffer[];
  readonly #values: readonly ValueMatch[];

  constructor(wanted: Readonly<Record<string, WantedValues>>) {
    this.#keys = Object.keys(wanted).map((key) => Buffer.from(key));
    this.#values = Object.values(wanted).map((values) => new ValueMatch(values));
  }

  /** The keys, each with its wanted values. */
  *[Symbol.iterator](): Generator<readonly [key: Buffer, values: ValueMatch]> {
    for (const [i, key] of this.#keys.entries()) yield [key, this.#values[i] as ValueMatch];
  }

  /** Whether no record can match, because a list of values is empty. */
  get isImpossible(): boolean {
    return this.#values.some(({ values }) => values?.length === 0);
  }

  /** The match for a block with these keys; null if none of its records can match. */
  forKeys(rawKeys: readonly Buffer[]): BlockMatch | null {
    const wanted = rawKeys.map((raw) => this.#keys.findIndex((key) => key.equals(raw)));
    const isPossible = this.#keys.every((_, i) => wanted.includes(i));
    return isPossible ? new BlockMatch(wanted, this.#values) : null;
  }

  /** Whether decoded pairs match. If a key occurs twice, the last value counts. */
  matches(pairs: readonly RawPair[]): boolean {
    return this.#keys.every((key, i) => {
      const value = pairs.findLast(([name]) => key.equals(name))?.[1];
      if (value === undefined) return false;
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
      return this.#values[i]?.matches(bytes, 0, bytes.length) === true;
    });
  }
}

/** Matches records of one block by their encoded metadata, without decoding them. */
export class BlockMatch {
  /** For each key of the block, the number of its wanted values; -1 if any value matches. */
  readonly #wanted: readonly number[];
  readonly #values: readonly ValueMatch[];

  constructor(wanted: readonly number[], values: readonly ValueMatch[]) {
    this.#wanted = wanted;
    this.#values = values;
  }

  /** Whether a record's metadata, already checked, have a wanted value of each key. */
  matches(reader: VarintReader, bytes: Buffer, start: number, end: number): boolean {
    for (let i = 0; i < this.#values.length; i++) {
      if (!this.#hasValue(i, reader, bytes, start, end)) return false;
    }
    return true;
  }

  /** If a key occurs twice, the last value counts. */
  #hasValue(
    wanted: number,
    reader: VarintReader,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean {
    let valueStart = -1;
    let valueEnd = -1;
    reader.position = start;
    reader.end = end;
    while (reader.position < end) {
      const key = reader.readUnsigned();
      const nextEnd = reader.readUnsigned() + reader.position;
      if (this.#wanted[key] === wanted) {
        valueStart = reader.position;
        valueEnd = nextEnd;
      }
      reader.position = nextEnd;
    }
    return (
      valueStart >= 0 && (this.#values[wanted] as ValueMatch).matches(bytes, valueStart, valueEnd)
    );
  }
}
