import type { ParquetWriter, SchemaElement } from 'hyparquet-writer';

import { Slab } from '../codec/bytes/slab.js';
import { type ColumnChunk, describeChunk, type ParquetLibrary } from './parquet-library.js';

/** A page ends at this size. It is what a reader decompresses at once. */
const PAGE_BYTES = 2 ** 20;

/** Memory above this is given back, because an export may write many files at once. */
const KEPT_BYTES = 4 * 2 ** 20;

/** A length before each value. */
const LENGTH_BYTES = 4;

interface Page {
  readonly rows: number;
  readonly end: number;
}

/**
 * The payloads of a row group, laid out as its pages hold them (encoding PLAIN). They are copied,
 * because each payload may be a view that keeps a whole block in memory. hyparquet-writer would take
 * an object for each value: this and `ParquetMetadata` halve the CPU of an export of small records.
 */
export class ParquetPayloads {
  readonly #slab = new Slab(0);
  readonly #pages: Page[] = [];
  #pageRows = 0;
  #pageStart = 0;

  get bytes(): number {
    return this.#slab.length;
  }

  add(payload: Buffer): void {
    const slab = this.#slab;
    slab.reserve(LENGTH_BYTES + payload.length);
    slab.bytes.writeUInt32LE(payload.length, slab.length);
    payload.copy(slab.bytes, slab.length + LENGTH_BYTES);
    slab.length += LENGTH_BYTES + payload.length;
    this.#pageRows++;
    if (slab.length - this.#pageStart >= PAGE_BYTES) this.#endPage();
  }

  /** Writes the chunk of the column `path`, and forgets the payloads. */
  write(
    library: ParquetLibrary,
    parquet: ParquetWriter,
    path: readonly SchemaElement[],
  ): ColumnChunk {
    if (this.#pageRows > 0) this.#endPage();
    const { codec, compressors, writer } = parquet;
    const begin = writer.offset;
    let headers = 0;
    let start = 0;
    let rows = 0;
    for (const page of this.#pages) {
      const raw = this.#slab.bytes.subarray(start, page.end);
      const compressed = compressors[codec]?.(raw) ?? raw;
      const headerStart = writer.offset;
      library.writePageHeader(writer, {
        type: 'DATA_PAGE_V2',
        uncompressed_page_size: raw.length,
        compressed_page_size: compressed.length,
        data_page_header_v2: {
          num_values: page.rows,
          num_nulls: 0,
          num_rows: page.rows,
          encoding: 'PLAIN',
          definition_levels_byte_length: 0,
          repetition_levels_byte_length: 0,
          is_compressed: true,
        },
      });
      headers += writer.offset - headerStart;
      writer.appendBytes(compressed);
      start = page.end;
      rows += page.rows;
    }
    const chunk = describeChunk(parquet, begin, path, {
      encodings: ['PLAIN'],
      num_values: BigInt(rows),
      total_uncompressed_size: BigInt(headers + this.#slab.length),
      dataPageOffset: begin,
    });
    this.#clear();
    return chunk;
  }

  #endPage(): void {
    this.#pages.push({ rows: this.#pageRows, end: this.#slab.length });
    this.#pageStart = this.#slab.length;
    this.#pageRows = 0;
  }

  #clear(): void {
    this.#slab.length = 0;
    this.#pageStart = 0;
    this.#pages.length = 0;
    if (this.#slab.bytes.length > KEPT_BYTES) this.#slab.take();
  }
}
