import { VarintReader } from '../../codec/bytes/varint-reader.js';
import type { Metadata, MetadataLayout } from '../../codec/records/archive-record.js';
import { BlockLayout } from '../../codec/version-2/block-layout.js';
import { ByteDictionary } from './byte-dictionary.js';
import type { ColumnChunk, ColumnChunkWriter } from './column-chunk.js';
import { Dictionary } from './dictionary.js';
import { encodeNumbers } from './dictionary-page.js';
import { createNumberList } from './number-list.js';
import { packNumbers, packRun } from './pack-numbers.js';

/** Two numbers and two levels. */
const PAIR_BYTES = 16;

/** The keys of a block with more are not kept as numbers: a bit for each tells which are repeated. */
const MOST_NUMBERED_KEYS = 32;

/** The metadata of a row group as the two columns of a MAP: numbers in a dictionary each. */
export class MetadataColumns {
  readonly #keys = new Dictionary();
  readonly #values = new ByteDictionary();
  /** The key and the value of each pair. */
  readonly #pairKeys = createNumberList();
  readonly #pairValues = createNumberList();
  /** How many pairs each row has. */
  readonly #counts = createNumberList();
  /** How many rows have no pair. */
  #empty = 0;
  #layout: MetadataLayout | undefined;
  /** The numbers of the keys of its block; undefined if its metadata have to be decoded. */
  #keyNumbers: Uint32Array | undefined;

  /** About how many bytes the row group has of them. */
  get bytes(): number {
    return this.#keys.length + this.#values.length + PAIR_BYTES * this.#pairKeys.length;
  }

  add(metadata: Metadata): void {
    const names = Object.keys(metadata);
    for (const name of names) {
      this.#pairKeys.push(this.#keys.numberOf(name));
      this.#pairValues.push(this.#values.numberOf(metadata[name] ?? ''));
    }
    this.#endRow(names.length);
  }

  /** Adds metadata as they are in a block. */
  addBytes(layout: MetadataLayout, bytes: Buffer, start: number, end: number): void {
    if (layout !== this.#layout) this.#enter(layout);
    const numbers = this.#keyNumbers;
    const pairs = numbers === undefined ? undefined : this.#addPairs(numbers, bytes, start, end);
    if (pairs === undefined) this.add(layout.decode(bytes, start, end));
    else this.#endRow(pairs);
  }

  /** Writes the chunks of the two columns, keys and then values, and forgets the rows. */
  write(createChunk: (name: 'key' | 'value') => ColumnChunkWriter): ColumnChunk[] {
    // One level for each pair, and one for an empty map.
    const values = this.#pairKeys.length + this.#empty;
    const levels = {
      ...{ rows: this.#counts.length, values, nulls: this.#empty },
      repetitionLevels: packNumbers(this.#repetitions(values), 1),
      definitionLevels:
        this.#empty === 0 ? packRun(1, values, 1) : packNumbers(this.#definitions(values), 1),
    };
    const writeColumn = (
      chunk: ColumnChunkWriter,
      texts: Dictionary | ByteDictionary,
      numbers: Uint32Array,
    ) => {
      if (texts.count > 0) chunk.writeDictionary(texts.bytes, texts.count);
      chunk.writePage({ ...levels, ...encodeNumbers(numbers, texts.count) });
      return chunk.end();
    };
    const chunks = [writeColumn(createChunk('key'), this.#keys, this.#pairKeys.view)];
    chunks.push(writeColumn(createChunk('value'), this.#values, this.#pairValues.view));
    this.#clear();
    return chunks;
  }

  /** 0 where a row begins. */
  #repetitions(count: number): Uint8Array {
    const levels = new Uint8Array(count).fill(1);
    let at = 0;
    for (const pairs of this.#counts.view) {
      levels[at] = 0;
      at += Math.max(pairs, 1);
    }
    return levels;
  }

  /** 0 for a row without pairs. */
  #definitions(count: number): Uint8Array {
    const levels = new Uint8Array(count).fill(1);
    let at = 0;
    for (const pairs of this.#counts.view) {
      if (pairs === 0) levels[at] = 0;
      at += Math.max(pairs, 1);
    }
    return levels;
  }

  #endRow(pairs: number): void {
    this.#counts.push(pairs);
    if (pairs === 0) this.#empty++;
  }

  /** @returns how many there are; undefined, with none added, if a key is repeated */
  #addPairs(
    keyNumbers: Uint32Array,
    bytes: Buffer,
    start: number,
    end: number,
  ): number | undefined {
    const before = this.#pairKeys.length;
    let seen = 0;
    let at = start;
    while (at < end) {
      const key = bytes[at++] as number;
      let length = bytes[at++] as number;
      if (length >= 0x80) {
        const reader = new VarintReader(bytes);
        reader.position = at - 1;
        length = reader.readUnsigned();
        at = reader.position;
      }
      const bit = 1 << key;
      if ((seen & bit) !== 0) {
        this.#pairKeys.length = before;
        this.#pairValues.length = before;
        return undefined;
      }
      seen |= bit;
      this.#pairKeys.push(keyNumbers[key] as number);
      this.#pairValues.push(this.#values.numberOfBytes(bytes, at, at + length));
      at += length;
    }
    return this.#pairKeys.length - before;
  }

  #enter(layout: MetadataLayout): void {
    this.#layout = layout;
    this.#keyNumbers = undefined;
    if (!(layout instanceof BlockLayout) || layout.keys.length > MOST_NUMBERED_KEYS) return;
    // Keys that are not UTF-8 may be the same text.
    if (new Set(layout.keys).size < layout.keys.length) return;
    this.#keyNumbers = Uint32Array.from(layout.keys, (key) => this.#keys.numberOf(key));
  }

  #clear(): void {
    this.#keys.clear();
    this.#values.clear();
    this.#pairKeys.clear();
    this.#pairValues.clear();
    this.#counts.clear();
    this.#empty = 0;
    this.#layout = undefined;
  }
}
