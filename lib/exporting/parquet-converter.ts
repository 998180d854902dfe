import type { ByteWriter, ParquetWriter, SchemaElement } from 'hyparquet-writer';

import { giveBytes, type RecordSink } from '../codec/records/archive-record.js';
import { type ExportedRecord, payloadIsNoText } from '../codec/records/exported-record.js';
import { type Column, ColumnReader } from './columns.js';
import { type ColumnChunk, ColumnChunkWriter } from './parquet/column-chunk.js';
import { Int64Column } from './parquet/int64-column.js';
import { MetadataColumns } from './parquet/metadata-columns.js';
import { parquetCompression } from './parquet/parquet-compression.js';
import { loadParquetLibrary, type ParquetLibrary } from './parquet/parquet-library.js';
import { columnPath, type ParquetPayload, parquetSchema } from './parquet/parquet-schema.js';
import { PayloadColumn } from './parquet/payload-column.js';
import { RepeatedTextColumn } from './parquet/repeated-text-column.js';
import { TextColumn } from './parquet/text-column.js';
import type { RecordConverter } from './record-transform.js';

/** Rows of a row group, which is encoded as a whole. Fewer if they are large. */
const GROUP_ROWS = 10_000;

/** A row group also ends at this size. While it is encoded, its pages take as much again. */
const GROUP_BYTES = 16 * 2 ** 20;

/** The memory that a writer starts with is a multiple of this. */
const WRITER_BYTES = 16 * 2 ** 10;

/** About the size of a row without its payload, metadata and values. */
const ROW_BYTES = 64;

/** How a Parquet file is written. */
export interface ParquetSettings {
  readonly columns: readonly Column[];
  readonly payload: ParquetPayload;
}

/** Writes records as the bytes of one Parquet file. A row group is in memory, no more. */
export class ParquetConverter implements RecordConverter {
  readonly #library: ParquetLibrary;
  readonly #schema: SchemaElement[];
  readonly #bytes: ByteWriter & { index: number };
  readonly #parquet: ParquetWriter;
  readonly #reader: ColumnReader;
  readonly #times = new Int64Column();
  readonly #writers = new RepeatedTextColumn();
  readonly #sequences = new Int64Column();
  readonly #metadata = new MetadataColumns();
  readonly #payloads: PayloadColumn;
  readonly #values: readonly TextColumn[];
  readonly #sink: RecordSink = {
    addMetadata: (layout, bytes, start, end) => this.#metadata.addBytes(layout, bytes, start, end),
    addPayload: (bytes, start, end) => this.#payloads.addBytes(bytes, start, end),
  };
  #rows = 0;

  private constructor({ columns, payload }: ParquetSettings, library: ParquetLibrary) {
    this.#library = library;
    this.#schema = parquetSchema(columns, payload);
    this.#bytes = new library.ByteWriter();
    this.#parquet = new library.ParquetWriter({
      writer: this.#bytes,
      schema: this.#schema,
      createdBy: 'shoebox-archive',
      ...parquetCompression(),
    });
    this.#reader = new ColumnReader(columns, payload === 'text' ? 'UTF-8' : 'any bytes');
    this.#payloads = new PayloadColumn(
      payload === 'text' ? (row) => this.#payloadIsNoText(row) : undefined,
    );
    this.#values = columns.map(() => new TextColumn());
  }

  static async load(settings: ParquetSettings): Promise<ParquetConverter> {
    return new ParquetConverter(settings, await loadParquetLibrary());
  }

  /** About how many bytes the rows in memory have. */
  get pendingBytes(): number {
    let bytes = this.#payloads.bytes + this.#metadata.bytes + ROW_BYTES * this.#rows;
    for (const column of this.#values) bytes += column.bytes;
    return bytes;
  }

  add(record: ExportedRecord): void {
    this.#times.push(record.timeMicros);
    this.#writers.push(record.writer);
    this.#sequences.push(record.sequence);
    if (!giveBytes(record, this.#sink)) {
      this.#metadata.add(record.metadata);
      this.#payloads.addBytes(record.payload, 0, record.payload.length);
    }
    if (this.#values.length > 0) this.#reader.append(record, this.#values);
    this.#rows++;
    if (this.#rows >= GROUP_ROWS || this.pendingBytes >= GROUP_BYTES) this.endGroup();
  }

  get hasBytes(): boolean {
    return this.#bytes.index > 0;
  }

  take(): Uint8Array | undefined {
    const writer = this.#bytes;
    if (writer.index === 0) return undefined;
    const bytes = writer.getBytes();
    // The caller now owns this memory. The writer gets other memory, and keeps its offset. The next
    // row group has about the same size.
    writer.buffer = new ArrayBuffer(Math.ceil(bytes.length / WRITER_BYTES + 1) * WRITER_BYTES);
    writer.view = new DataView(writer.buffer);
    writer.index = 0;
    return bytes;
  }

  end(): Uint8Array | undefined {
    this.endGroup();
    void this.#parquet.finish();
    return this.take();
  }

  /** Encodes the rows in memory as a row group. */
  endGroup(): void {
    if (this.#rows === 0) return;
    const begin = this.#bytes.offset;
    const columns = this.#writeColumns();
    const rows = BigInt(this.#rows);
    this.#parquet.num_rows += rows;
    this.#parquet.row_groups.push({
      columns,
      num_rows: rows,
      total_byte_size: columns.reduce(
        (sum, { meta_data }) => sum + (meta_data?.total_uncompressed_size ?? 0n),
        0n,
      ),
      total_compressed_size: BigInt(this.#bytes.offset - begin),
    });
    this.#rows = 0;
  }

  #writeColumns(): ColumnChunk[] {
    const schema = this.#schema;
    const chunkAt = (path: readonly SchemaElement[]) =>
      new ColumnChunkWriter(this.#library, this.#parquet, path);
    const chunkOf = (...names: string[]) => chunkAt(columnPath(schema, names));
    // By their place: a column may have the name of a part of the map.
    const valuePaths = schema.slice(schema.length - this.#values.length);
    // Before the rows are forgotten, because its error names writer and sequence of a row.
    this.#payloads.check();
    // In the order of the schema: Spark finds a row group by the offset of its first column, and
    // leaves out one whose middle, counted from there, comes after the end of the file.
    return [
      this.#times.write(chunkOf('time')),
      this.#writers.write(chunkOf('writer')),
      this.#sequences.write(chunkOf('sequence')),
      ...this.#metadata.write((name) => chunkOf('metadata', 'key_value', name)),
      this.#payloads.write(chunkOf('payload')),
      ...valuePaths.flatMap(
        (element, i) => this.#values[i]?.write(chunkAt([...schema.slice(0, 1), element])) ?? [],
      ),
    ];
  }

  #payloadIsNoText(row: number): Error {
    return payloadIsNoText({ writer: this.#writers.at(row), sequence: this.#sequences.at(row) });
  }
}
