import { TABLE_START_BYTES } from '../../format/version-2.js';
import { VarintReader } from '../bytes/varint-reader.js';
import { ValueSet } from './value-set.js';

/** The number of a key that is not collected. */
const OTHER_KEY = -1;

/** Collects the distinct values that some keys have in a block. */
export class BlockValues {
  /** One set for each key, about the block that was collected last. */
  readonly sets: readonly ValueSet[];
  /** The number of each key, by its bytes as Latin-1. */
  readonly #keys: ReadonlyMap<string, number>;
  /** The begin and the end of the last value of each key: most records repeat it. */
  readonly #starts: number[];
  readonly #ends: number[];
  /** The key table of the last block, and the number that each of its keys has here. */
  #table: Buffer = Buffer.alloc(0);
  #numbers: number[] = [];

  constructor(keys: readonly Buffer[]) {
    this.#keys = new Map(keys.map((key, number) => [key.toString('latin1'), number]));
    this.sets = keys.map(() => new ValueSet());
    this.#starts = keys.map(() => 0);
    this.#ends = keys.map(() => -1);
  }

  /**
   * @param body of kind 1 (docs/format.md, "Records"), valid
   * @param records how many records it has
   */
  collect(body: Buffer, records: number): void {
    for (const set of this.sets) set.clear();
    this.#ends.fill(-1);
    const tableEnd = body.length - TABLE_START_BYTES;
    const tableStart = body.readUInt32LE(tableEnd);
    this.#readTable(body.subarray(tableStart, tableEnd));
    if (this.#numbers.every((number) => number === OTHER_KEY)) return;
    const reader = new VarintReader(body);
    reader.end = tableStart;
    for (let i = 0; i < records; i++) {
      const recordEnd = reader.readUnsigned() + reader.position;
      reader.readSigned();
      const metadataEnd = reader.readUnsigned() + reader.position;
      while (reader.position < metadataEnd) {
        const number = this.#numbers[reader.readUnsigned()] ?? OTHER_KEY;
        const valueBytes = reader.readUnsigned();
        const start = reader.position;
        reader.position = start + valueBytes;
        if (number !== OTHER_KEY) this.#add(number, body, start, reader.position);
      }
      reader.position = recordEnd;
    }
  }

  /** A record with a key twice has both values here, which costs a block read at worst. */
  #add(number: number, body: Buffer, start: number, end: number): void {
    const last = this.#starts[number] as number;
    if (isSame(body, last, this.#ends[number] as number, start, end)) return;
    this.#starts[number] = start;
    this.#ends[number] = end;
    (this.sets[number] as ValueSet).add(body, start, end);
  }

  #readTable(table: Buffer): void {
    if (this.#table.equals(table)) return;
    this.#table = Buffer.from(table);
    const reader = new VarintReader(table);
    this.#numbers = Array.from({ length: reader.readUnsigned() }, () => {
      const end = reader.readUnsigned() + reader.position;
      const key = table.toString('latin1', reader.position, end);
      reader.position = end;
      return this.#keys.get(key) ?? OTHER_KEY;
    });
  }
}

function isSame(bytes: Buffer, a: number, aEnd: number, b: number, bEnd: number): boolean {
  const length = bEnd - b;
  if (aEnd - a !== length) return false;
  for (let i = length - 1; i >= 0; i--) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}
