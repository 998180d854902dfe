import type { VarintReader } from '../bytes/varint-reader.js';
import type { RawPair } from '../records/archive-record.js';

/** Metadata pairs that a record must have, compared byte for byte. */
export class MetadataMatch {
  readonly #keys: readonly Buffer[];
  readonly #values: readonly Buffer[];

  constructor(wanted: Readonly<Record<string, string>>) {
    this.#keys = Object.keys(wanted).map((key) => Buffer.from(key));
    this.#values = Object.values(wanted).map((value) => Buffer.from(value));
  }

  /** The match for a block with these keys; null if none of its records can have the pairs. */
  forKeys(rawKeys: readonly Buffer[]): BlockMatch | null {
    const wanted = rawKeys.map((raw) => this.#keys.findIndex((key) => key.equals(raw)));
    const isPossible = this.#keys.every((_, i) => wanted.includes(i));
    return isPossible ? new BlockMatch(wanted, this.#values) : null;
  }

  /**
   * Whether decoded pairs include the wanted ones. If a key occurs twice, the last value counts.
   */
  matches(pairs: readonly RawPair[]): boolean {
    return this.#keys.every((key, i) => {
      const pair = pairs.findLast(([name]) => key.equals(name));
      return pair !== undefined && this.#values[i]?.equals(pair[1]) === true;
    });
  }
}

/** Matches records of one block by their encoded metadata, without decoding them. */
export class BlockMatch {
  /** For each key of the block, the index of its wanted value; -1 if any value matches. */
  readonly #wanted: readonly number[];
  readonly #values: readonly Buffer[];

  constructor(wanted: readonly number[], values: readonly Buffer[]) {
    this.#wanted = wanted;
    this.#values = values;
  }

  /** Whether a record's metadata, already checked, have all wanted pairs. */
  matches(reader: VarintReader, bytes: Buffer, start: number, end: number): boolean {
    for (let i = 0; i < this.#values.length; i++) {
      if (!this.#hasPair(i, reader, bytes, start, end)) return false;
    }
    return true;
  }

  /** If a key occurs twice, the last value counts. */
  #hasPair(
    wanted: number,
    reader: VarintReader,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean {
    let hasPair = false;
    reader.position = start;
    reader.end = end;
    while (reader.position < end) {
      const key = reader.readUnsigned();
      const valueEnd = reader.readUnsigned() + reader.position;
      if (this.#wanted[key] === wanted) {
        hasPair = isEqual(this.#values[wanted] as Buffer, bytes, reader.position, valueEnd);
      }
      reader.position = valueEnd;
    }
    return hasPair;
  }
}

/**
 * Compares from the end, where unequal values usually differ. For 15 equal bytes `Buffer.compare`
 * takes three times as long.
 */
function isEqual(value: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (value.length !== end - start) return false;
  for (let i = value.length - 1; i >= 0; i--) if (value[i] !== bytes[start + i]) return false;
  return true;
}
