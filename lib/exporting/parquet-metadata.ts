import type { ParquetWriter, SchemaElement } from 'hyparquet-writer';

import type { Metadata } from '../codec/records/archive-record.js';
import { type ColumnChunk, describeChunk, type ParquetLibrary } from './parquet-library.js';

/** Distinct texts, and their numbers in the order in which they came. */
class Dictionary {
  readonly #numbers = new Map<string, number>();
  /** About how many bytes they have. */
  bytes = 0;

  get texts(): string[] {
    return [...this.#numbers.keys()];
  }

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.bytes += text.length;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

/** The numbers of a record's keys, and of their values. */
interface Entries {
  readonly keys: readonly number[];
  readonly values: readonly number[];
}

/**
 * The metadata of a row group as the two columns of a MAP: numbers in a dictionary of keys and in
 * one of values. Records with equal metadata share one object, which is looked up once; for its own
 * MAP hyparquet-writer would walk the entries of each record twice.
 */
export class ParquetMetadata {
  readonly #keys = new Dictionary();
  readonly #values = new Dictionary();
  readonly #known = new Map<Metadata, Entries>();
  readonly #keyNumbers: (number | null)[] = [];
  readonly #valueNumbers: (number | null)[] = [];
  readonly #definitionLevels: number[] = [];
  readonly #repetitionLevels: number[] = [];

  /** About how many bytes the row group has of them. */
  get bytes(): number {
    return this.#keys.bytes + this.#values.bytes + NUMBER_BYTES * this.#keyNumbers.length;
  }

  add(metadata: Metadata): void {
    const { keys, values } = this.#known.get(metadata) ?? this.#enter(metadata);
    if (keys.length === 0) {
      // An empty map: a level without a value.
      this.#push(null, null, 0, 0);
      return;
    }
    for (let i = 0; i < keys.length; i++) {
      this.#push(keys[i] ?? 0, values[i] ?? 0, 1, i === 0 ? 0 : 1);
    }
  }

  /** Writes the chunks of the two columns. */
  write(
    library: ParquetLibrary,
    parquet: ParquetWriter,
    paths: { readonly key: readonly SchemaElement[]; readonly value: readonly SchemaElement[] },
  ): ColumnChunk[] {
    const write = (path: readonly SchemaElement[], texts: string[], numbers: (number | null)[]) =>
      this.#writeColumn(library, parquet, path, texts, numbers);
    return [
      write(paths.key, this.#keys.texts, this.#keyNumbers),
      write(paths.value, this.#values.texts, this.#valueNumbers),
    ];
  }

  #enter(metadata: Metadata): Entries {
    const names = Object.keys(metadata);
    const entries = {
      keys: names.map((name) => this.#keys.numberOf(name)),
      values: names.map((name) => this.#values.numberOf(metadata[name] ?? '')),
    };
    this.#known.set(metadata, entries);
    return entries;
  }

  #push(key: number | null, value: number | null, definition: number, repetition: number): void {
    this.#keyNumbers.push(key);
    this.#valueNumbers.push(value);
    this.#definitionLevels.push(definition);
    this.#repetitionLevels.push(repetition);
  }

  #writeColumn(
    library: ParquetLibrary,
    parquet: ParquetWriter,
    path: readonly SchemaElement[],
    texts: string[],
    numbers: (number | null)[],
  ): ColumnChunk {
    const { codec, writer } = parquet;
    const compress = parquet.compressors[codec];
    const compressors = compress === undefined ? {} : { [codec]: compress };
    const element = path.at(-1) ?? { name: '' };
    const column = {
      ...{ columnName: element.name, element, schemaPath: [...path], codec, compressors },
      ...{ stats: false, pageSize: 0, columnIndex: false, offsetIndex: false },
    };
    const begin = writer.offset;
    const isEmpty = texts.length === 0;
    const bytes = texts.map((text) => Buffer.from(text));
    const dictionaryBytes = isEmpty ? 0 : library.writeDictionaryPage(writer, column, bytes);
    const dataPageOffset = writer.offset;
    const pageBytes = library.writeDataPage({
      writer,
      column,
      encoding: isEmpty ? 'PLAIN' : 'RLE_DICTIONARY',
      pageData: {
        values: numbers,
        definitionLevels: this.#definitionLevels,
        repetitionLevels: this.#repetitionLevels,
        maxDefinitionLevel: 1,
      },
    });
    return describeChunk(parquet, begin, path, {
      encodings: isEmpty ? ['PLAIN'] : ['PLAIN', 'RLE_DICTIONARY'],
      num_values: BigInt(numbers.length),
      total_uncompressed_size: BigInt(dictionaryBytes + pageBytes),
      dataPageOffset,
    });
  }
}

/** Two numbers and two levels. */
const NUMBER_BYTES = 16;
