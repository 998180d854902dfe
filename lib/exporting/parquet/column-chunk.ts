import type { ParquetWriter, SchemaElement } from 'hyparquet-writer';

import type { ParquetLibrary } from './parquet-library.js';

/** A column of a row group in the footer. */
export type ColumnChunk = ParquetWriter['row_groups'][number]['columns'][number];

type ColumnFacts = NonNullable<ColumnChunk['meta_data']>;
type Encoding = ColumnFacts['encodings'][number];
type Statistics = ColumnFacts['statistics'];

/** A page of a column: levels and values, encoded. */
export interface Page {
  readonly rows: number;
  /** Nulls and empty maps included. */
  readonly values: number;
  readonly nulls: number;
  readonly repetitionLevels: Buffer;
  readonly definitionLevels: Buffer;
  readonly encoding: Encoding;
  readonly bytes: Buffer;
}

export const NO_LEVELS = Buffer.alloc(0);

/** A page of fewer bytes stays as it is: compressing it takes longer than reading it. */
const LEAST_COMPRESSED = 64;

/**
 * Writes the pages of one column of a row group. hyparquet-writer would take an object for each
 * value, and walk all of them several times: with columns of our own, an export of small records
 * takes half the CPU.
 */
export class ColumnChunkWriter {
  readonly #library: ParquetLibrary;
  readonly #parquet: ParquetWriter;
  readonly #path: readonly SchemaElement[];
  readonly #begin: number;
  readonly #encodings = new Set<Encoding>();
  #pages = 0;
  #values = 0;
  #bytes = 0;
  #dataBegin: number | undefined;
  #hasDictionary = false;

  /** @param path the elements of the schema from the root to the column */
  constructor(library: ParquetLibrary, parquet: ParquetWriter, path: readonly SchemaElement[]) {
    this.#library = library;
    this.#parquet = parquet;
    this.#path = path;
    this.#begin = parquet.writer.offset;
  }

  /** Writes the dictionary, which comes before the pages that use it. */
  writeDictionary(bytes: Buffer, count: number): void {
    const compressed = this.#compress(bytes);
    const header = this.#writeHeader({
      type: 'DICTIONARY_PAGE',
      uncompressed_page_size: bytes.length,
      compressed_page_size: compressed.length,
      dictionary_page_header: { num_values: count, encoding: 'PLAIN' },
    });
    this.#parquet.writer.appendBytes(compressed);
    this.#bytes += header + bytes.length;
    this.#encodings.add('PLAIN');
    this.#hasDictionary = true;
  }

  writePage({ definitionLevels, repetitionLevels, ...page }: Page): void {
    const { writer } = this.#parquet;
    this.#dataBegin ??= writer.offset;
    const isCompressed = page.bytes.length >= LEAST_COMPRESSED;
    const compressed = isCompressed ? this.#compress(page.bytes) : page.bytes;
    const levels = repetitionLevels.length + definitionLevels.length;
    const header = this.#writeHeader({
      type: 'DATA_PAGE_V2',
      uncompressed_page_size: levels + page.bytes.length,
      compressed_page_size: levels + compressed.length,
      data_page_header_v2: {
        num_values: page.values,
        num_nulls: page.nulls,
        num_rows: page.rows,
        encoding: page.encoding,
        definition_levels_byte_length: definitionLevels.length,
        repetition_levels_byte_length: repetitionLevels.length,
        is_compressed: isCompressed,
      },
    });
    writer.appendBytes(repetitionLevels);
    writer.appendBytes(definitionLevels);
    writer.appendBytes(compressed);
    this.#bytes += header + levels + page.bytes.length;
    this.#values += page.values;
    this.#encodings.add(page.encoding);
    this.#pages++;
  }

  /** The entry of the column in the footer. */
  end(statistics?: Statistics): ColumnChunk {
    const { codec, writer } = this.#parquet;
    const encodings = [...this.#encodings];
    return {
      file_offset: BigInt(this.#begin),
      meta_data: {
        type: this.#path.at(-1)?.type ?? 'BYTE_ARRAY',
        encodings,
        path_in_schema: this.#path.slice(1).map(({ name }) => name),
        codec,
        num_values: BigInt(this.#values),
        total_uncompressed_size: BigInt(this.#bytes),
        total_compressed_size: BigInt(writer.offset - this.#begin),
        data_page_offset: BigInt(this.#dataBegin ?? this.#begin),
        ...(this.#hasDictionary && { dictionary_page_offset: BigInt(this.#begin) }),
        ...(statistics !== undefined && { statistics }),
        encoding_stats: this.#encodingStats(encodings.at(-1) ?? 'PLAIN'),
      },
    };
  }

  #encodingStats(encoding: Encoding): NonNullable<ColumnFacts['encoding_stats']> {
    const pages = { page_type: 'DATA_PAGE_V2' as const, encoding, count: this.#pages };
    const dictionary = { page_type: 'DICTIONARY_PAGE', encoding: 'PLAIN', count: 1 } as const;
    return this.#hasDictionary ? [dictionary, pages] : [pages];
  }

  #compress(bytes: Buffer): Uint8Array {
    const { codec, compressors } = this.#parquet;
    return compressors[codec]?.(bytes) ?? bytes;
  }

  #writeHeader(header: Parameters<ParquetLibrary['writePageHeader']>[1]): number {
    const { writer } = this.#parquet;
    const start = writer.offset;
    this.#library.writePageHeader(writer, header);
    return writer.offset - start;
  }
}
