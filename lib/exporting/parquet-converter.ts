import { isUtf8 } from 'node:buffer';

import type { ByteWriter, ParquetWriter, SchemaElement } from 'hyparquet-writer';

import { type ExportedRecord, payloadIsNoText } from '../codec/records/exported-record.js';
import { type Column, ColumnReader, type ColumnValue } from './columns.js';
import { Int64Column } from './int64-column.js';
import { parquetCompression } from './parquet-compression.js';
import { loadParquetLibrary, type ParquetLibrary } from './parquet-library.js';
import { ParquetMetadata } from './parquet-metadata.js';
import { ParquetPayloads } from './parquet-payloads.js';
import { columnPath, type ParquetPayload, parquetSchema } from './parquet-schema.js';
import type { RecordConverter } from './record-transform.js';

/** Rows of a row group, which is encoded as a whole. Fewer if they are large. */
const GROUP_ROWS = 10_000;

/** A row group also ends at this size. While it is encoded, its pages take as much again. */
const GROUP_BYTES = 16 * 2 ** 20;

/** The memory that a writer starts with. */
const WRITER_BYTES = 1024;

/** About the size of a row without its payload, metadata and values. */
const ROW_BYTES = 64;

/** How a Parquet file is written. */
export interface ParquetSettings {
  readonly columns: readonly Column[];
  readonly payload: ParquetPayload;
}

/** Writes records as the bytes of one Parquet file. A row group is in memory, no more. */
export class ParquetConverter implements RecordConverter {
  readonly #settings: ParquetSettings;
  readonly #library: ParquetLibrary;
  readonly #reader: ColumnReader;
  readonly #schema: SchemaElement[];
  readonly #bytes: ByteWriter & { index: number };
  readonly #parquet: ParquetWriter;
  readonly #payloads = new ParquetPayloads();
  #metadata = new ParquetMetadata();
  #rows: PlainRows;

  private constructor(settings: ParquetSettings, library: ParquetLibrary) {
    this.#settings = settings;
    this.#library = library;
    this.#reader = new ColumnReader(settings.columns);
    this.#schema = parquetSchema(settings.columns, settings.payload);
    this.#bytes = new library.ByteWriter();
    this.#parquet = new library.ParquetWriter({
      writer: this.#bytes,
      schema: this.#schema,
      createdBy: 'shoebox-archive',
      ...parquetCompression(),
    });
    this.#rows = new PlainRows(settings.columns);
  }

  static async load(settings: ParquetSettings): Promise<ParquetConverter> {
    return new ParquetConverter(settings, await loadParquetLibrary());
  }

  /** About how many bytes the rows in memory have. */
  get pendingBytes(): number {
    return this.#payloads.bytes + this.#metadata.bytes + this.#rows.bytes;
  }

  add(record: ExportedRecord): void {
    const { payload } = record;
    if (this.#settings.payload === 'text' && !isUtf8(payload)) throw payloadIsNoText(record);
    this.#rows.add(record, this.#reader.read(record));
    this.#metadata.add(record.metadata);
    this.#payloads.add(payload);
    if (this.#rows.count >= GROUP_ROWS || this.pendingBytes >= GROUP_BYTES) this.endGroup();
  }

  take(): Uint8Array | undefined {
    const writer = this.#bytes;
    if (writer.index === 0) return undefined;
    const bytes = writer.getBytes();
    // The caller now owns this memory. The writer gets other memory, and keeps its offset.
    writer.buffer = new ArrayBuffer(WRITER_BYTES);
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
    const { count } = this.#rows;
    if (count === 0) return;
    const begin = this.#bytes.offset;
    void this.#parquet.write({ columnData: this.#rows.toColumns(), rowGroupSize: count });
    const [library, parquet] = [this.#library, this.#parquet];
    const path = (...names: string[]) => columnPath(this.#schema, names);
    const chunks = [
      ...this.#metadata.write(library, parquet, {
        key: path('metadata', 'key_value', 'key'),
        value: path('metadata', 'key_value', 'value'),
      }),
      this.#payloads.write(library, parquet, path('payload')),
    ];
    const group = this.#parquet.row_groups.at(-1);
    // The footer lists chunks in the order of the schema, wherever their bytes are.
    group?.columns.splice(PLAIN_COLUMNS, 0, ...chunks);
    for (const { meta_data } of chunks) {
      if (group !== undefined) group.total_byte_size += meta_data?.total_uncompressed_size ?? 0n;
    }
    if (group !== undefined) group.total_compressed_size = BigInt(this.#bytes.offset - begin);
    this.#metadata = new ParquetMetadata();
    this.#rows = new PlainRows(this.#settings.columns);
  }
}

/** `time`, `writer` and `sequence` come before metadata and payload. */
const PLAIN_COLUMNS = 3;

/** The columns of a row group that hyparquet-writer encodes by itself. */
class PlainRows {
  count = 0;
  bytes = 0;
  readonly #columns: readonly Column[];
  readonly #times = new Int64Column();
  readonly #writers: (string | undefined)[] = [];
  readonly #sequences = new Int64Column();
  readonly #values: ColumnValue[][];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#values = columns.map(() => []);
  }

  add({ sequence, timeMicros, writer }: ExportedRecord, values: readonly ColumnValue[]): void {
    this.#times.push(timeMicros);
    this.#writers.push(writer);
    this.#sequences.push(sequence);
    this.bytes += ROW_BYTES;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      this.#values[i]?.push(value);
      this.bytes += value?.length ?? 0;
    }
    this.count++;
  }

  toColumns() {
    return [
      { name: 'time', data: this.#times.toData(), encoding: 'DELTA_BINARY_PACKED' } as const,
      { name: 'writer', data: this.#writers, encoding: 'RLE_DICTIONARY' } as const,
      {
        name: 'sequence',
        data: this.#sequences.toData(),
        encoding: 'DELTA_BINARY_PACKED',
      } as const,
      ...this.#columns.map(({ name }, i) => ({ name, data: this.#values[i] ?? [] })),
    ];
  }
}
