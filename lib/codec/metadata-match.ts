import { MAX_VARINT_BYTES } from '../format/version-2.js';
import type { RawPair } from './archive-record.js';
import { writeVarint } from './varint.js';
import { VarintReader } from './varint-reader.js';

/** Pairs of metadata that a record must have, compared byte by byte. */
export class MetadataMatch {
  readonly #keys: readonly Buffer[];
  readonly #values: readonly Buffer[];

  constructor(wanted: Readonly<Record<string, string>>) {
    this.#keys = Object.keys(wanted).map((key) => Buffer.from(key));
    this.#values = Object.values(wanted).map((value) => Buffer.from(value));
  }

  /** The match for records of a block with these keys; null where none of them can have the pairs. */
  forKeys(rawKeys: readonly Buffer[]): BlockMatch | null {
    const wanted = rawKeys.map((raw) => this.#keys.findIndex((key) => key.equals(raw)));
    const isPossible = this.#keys.every((_, i) => wanted.includes(i));
    return isPossible ? new BlockMatch(wanted, this.#values) : null;
  }

  /** Whether pairs that came in another layout are these. Of a key that is there twice, the last counts. */
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
  readonly #isEqual: boolean[];
  /** Bytes that are among those of every record that matches. */
  readonly #needle: Buffer;

  constructor(wanted: readonly number[], values: readonly Buffer[]) {
    this.#wanted = wanted;
    this.#values = values;
    this.#isEqual = values.map(() => false);
    const needles = values.map((value, i) => encodePair(wanted.indexOf(i), value));
    // A key that a forged table has twice may be there by either index.
    const isOnce = values.map((_, i) => wanted.indexOf(i) === wanted.lastIndexOf(i));
    const certain = needles.filter((_, i) => isOnce[i]).sort((a, b) => b.length - a.length);
    this.#needle = certain[0] ?? Buffer.alloc(0);
  }

  /**
   * Where in `body`, from `start` on, bytes are without which no record matches; -1 where there are none.
   * By this, records are passed over without a look at their pairs: with 1 in 100 wanted, reading takes
   * half as long.
   */
  findCandidate(body: Buffer, start: number): number {
    return body.indexOf(this.#needle, start);
  }

  /** Whether the metadata of a record that were checked are these. */
  matches(bytes: Buffer, start: number, end: number): boolean {
    const reader = new VarintReader(bytes);
    reader.position = start;
    this.#isEqual.fill(false);
    while (reader.position < end) {
      const wanted = this.#wanted[reader.readUnsigned()] ?? -1;
      const valueBytes = reader.readUnsigned();
      const valueStart = reader.position;
      reader.position = valueStart + valueBytes;
      const value = this.#values[wanted];
      if (value === undefined) continue;
      this.#isEqual[wanted] =
        valueBytes === value.length && value.compare(bytes, valueStart, reader.position) === 0;
    }
    return !this.#isEqual.includes(false);
  }
}

/** A pair as a block has it. */
function encodePair(key: number, value: Buffer): Buffer {
  const head = Buffer.alloc(2 * MAX_VARINT_BYTES);
  const end = writeVarint(head, writeVarint(head, 0, key), value.length);
  return Buffer.concat([head.subarray(0, end), value]);
}
