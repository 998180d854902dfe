import type { VarintReader } from '../bytes/varint-reader.js';
import type { RawPair } from '../records/archive-record.js';

/** Pairs of metadata that a record must have, compared byte by byte. */
export class MetadataMatch {
  readonly #keys: readonly Buffer[];
  readonly #values: readonly Buffer[];

  constructor(wanted: Readonly<Record<string, string>>) {
    this.#keys = Object.keys(wanted).map((key) => Buffer.from(key));
    this.#values = Object.values(wanted).map((value) => Buffer.from(value));
  }

  /**
   * The match for records of a block with these keys; null where none of them can have the pairs.
   */
  forKeys(rawKeys: readonly Buffer[]): BlockMatch | null {
    const wanted = rawKeys.map((raw) => this.#keys.findIndex((key) => key.equals(raw)));
    const isPossible = this.#keys.every((_, i) => wanted.includes(i));
    return isPossible ? new BlockMatch(wanted, this.#values) : null;
  }

  /**
   * Whether pairs that came in another layout are these. Of a key that is there twice, the last
   * counts.
   */
  matches(pairs: readonly RawPair[]): boolean {
    return this.#keys.every((key, i) => {
      const pair = pairs.findLast(([name]) => key.equals(name));
      return pair !== undefined && this.#values[i]?.equals(pair[1]) === true;
    });
  }
}

/** Tells records of one block by their metadata as they lie there: nothing is decoded. */
export class BlockMatch {
  /** By key of the block, which of the values it must have; -1 where any will do. */
  readonly #wanted: readonly number[];
  readonly #values: readonly Buffer[];

  constructor(wanted: readonly number[], values: readonly Buffer[]) {
    this.#wanted = wanted;
    this.#values = values;
  }

  /** Whether the metadata of a record that were checked have all of the pairs. */
  matches(reader: VarintReader, bytes: Buffer, start: number, end: number): boolean {
    for (let i = 0; i < this.#values.length; i++) {
      if (!this.#hasPair(i, reader, bytes, start, end)) return false;
    }
    return true;
  }

  /** Of a key that is there twice, the last counts. */
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
 * From the end, where values that are not equal mostly differ. Of 15 bytes that are equal a call to
 * `Buffer.compare` takes three times as long.
 */
function isEqual(value: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (value.length !== end - start) return false;
  for (let i = value.length - 1; i >= 0; i--) if (value[i] !== bytes[start + i]) return false;
  return true;
}
