import type { Metadata } from '../../codec/records/archive-record.js';
import type { ColumnChunk, ColumnChunkWriter } from './column-chunk.js';
import { Dictionary } from './dictionary.js';
import { encodeNumbers } from './dictionary-page.js';
import { createNumberList } from './number-list.js';
import { packNumbers } from './pack-numbers.js';

/** Two numbers and two levels. */
const PAIR_BYTES = 16;

/** The numbers of a record's keys, and of their values. */
interface Entry {
  readonly keys: readonly number[];
  readonly values: readonly number[];
}

/**
 * The metadata of a row group as the two columns of a MAP: numbers in a dictionary of keys and in
 * one of values. Records with equal metadata share one object, which is entered once.
 */
export class MetadataColumns {
  readonly #keys = new Dictionary();
  readonly #values = new Dictionary();
  readonly #known = new Map<Metadata, number>();
  readonly #entries: Entry[] = [];
  /** The entry of each row. */
  readonly #rows = createNumberList();
  #pairs = 0;
  /** How many rows have no pair. */
  #empty = 0;

  /** About how many bytes the row group has of them. */
  get bytes(): number {
    return this.#keys.length + this.#values.length + PAIR_BYTES * this.#pairs;
  }

  add(metadata: Metadata): void {
    const row = this.#known.get(metadata) ?? this.#enter(metadata);
    this.#rows.push(row);
    const pairs = this.#entries[row]?.keys.length ?? 0;
    this.#pairs += pairs;
    if (pairs === 0) this.#empty++;
  }

  /** Writes the chunks of the two columns, keys and then values, and forgets the rows. */
  write(createChunk: (name: 'key' | 'value') => ColumnChunkWriter): ColumnChunk[] {
    const keys = new Uint32Array(this.#pairs);
    const values = new Uint32Array(this.#pairs);
    // One level for each pair, and one for an empty map.
    const definitions = new Uint8Array(this.#pairs + this.#empty).fill(1);
    const repetitions = new Uint8Array(definitions.length).fill(1);
    let pair = 0;
    let level = 0;
    for (const row of this.#rows.view) {
      const entry = this.#entries[row];
      const pairs = entry?.keys.length ?? 0;
      repetitions[level] = 0;
      if (entry === undefined || pairs === 0) {
        definitions[level++] = 0;
      } else {
        for (let i = 0; i < pairs; i++, pair++) {
          keys[pair] = entry.keys[i] ?? 0;
          values[pair] = entry.values[i] ?? 0;
        }
        level += pairs;
      }
    }
    const levels = {
      ...{ rows: this.#rows.length, values: level, nulls: this.#empty },
      repetitionLevels: packNumbers(repetitions, 1),
      definitionLevels: packNumbers(definitions, 1),
    };
    const writeColumn = (chunk: ColumnChunkWriter, texts: Dictionary, numbers: Uint32Array) => {
      if (texts.count > 0) chunk.writeDictionary(texts.bytes, texts.count);
      chunk.writePage({ ...levels, ...encodeNumbers(numbers, texts.count) });
      return chunk.end();
    };
    const chunks = [writeColumn(createChunk('key'), this.#keys, keys)];
    chunks.push(writeColumn(createChunk('value'), this.#values, values));
    this.#clear();
    return chunks;
  }

  #enter(metadata: Metadata): number {
    const names = Object.keys(metadata);
    this.#known.set(metadata, this.#entries.length);
    this.#entries.push({
      keys: names.map((name) => this.#keys.numberOf(name)),
      values: names.map((name) => this.#values.numberOf(metadata[name] ?? '')),
    });
    return this.#entries.length - 1;
  }

  #clear(): void {
    this.#keys.clear();
    this.#values.clear();
    this.#known.clear();
    this.#entries.length = 0;
    this.#rows.clear();
    this.#pairs = 0;
    this.#empty = 0;
  }
}
