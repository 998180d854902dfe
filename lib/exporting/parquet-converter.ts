import { isUtf8 } from 'node:buffer';

import type { ByteWriter, ParquetWriter } from 'hyparquet-writer';

import { Slab } from '../codec/bytes/slab.js';
import { type Column, ColumnReader, type ColumnValue } from './columns.js';
import { type ExportedRecord, payloadIsNoText } from './exported-record.js';
import { parquetCompression } from './parquet-compression.js';
import { type ParquetPayload, parquetSchema } from './parquet-schema.js';
import type { RecordConverter } from './record-transform.js';

/** Rows of a row group, which is encoded as a whole. Fewer if they are large. */
const GROUP_ROWS = 10_000;

/** A row group also ends at this size. While it is encoded, its pages take as much again. */
const GROUP_BYTES = 16 * 2 ** 20;

/** Memory for payloads above this is given back, because an export may write many files at once. */
const KEPT_BYTES = 2 * 2 ** 20;

/** The memory that a writer starts with. */
const WRITER_BYTES = 1024;

/** An entry of a MAP, as hyparquet-writer takes it. */
interface MapEntry {
  readonly key: string;
  readonly value: string;
}

/** How many metadata objects are remembered: records with equal metadata share them. */
const KNOWN_METADATA = 256;

/** How a Parquet file is written. */
export interface ParquetSettings {
  readonly columns: readonly Column[];
  readonly payload: ParquetPayload;
}

/** Writes records as the bytes of one Parquet file. A row group is in memory, no more. */
export class ParquetConverter implements RecordConverter {
  readonly #settings: ParquetSettings;
  readonly #reader: ColumnReader;
  readonly #bytes: ByteWriter & { index: number };
  readonly #parquet: ParquetWriter;
  readonly #known = new Map<ExportedRecord['metadata'], MapEntry[]>();
  /** Payloads are copied, because each one may be a view that keeps a whole block in memory. */
  readonly #payloads = new Slab(0);
  #rows = new RowGroup(0);

  private constructor(settings: ParquetSettings, library: typeof import('hyparquet-writer')) {
    this.#settings = settings;
    this.#reader = new ColumnReader(settings.columns);
    this.#bytes = new library.ByteWriter();
    this.#parquet = new library.ParquetWriter({
      writer: this.#bytes,
      schema: parquetSchema(settings.columns, settings.payload),
      createdBy: 'shoebox-archive',
      ...parquetCompression(),
    });
    this.#rows = new RowGroup(settings.columns.length);
  }

  /** Loads hyparquet-writer on first use: most programs export no Parquet. */
  static async load(settings: ParquetSettings): Promise<ParquetConverter> {
    return new ParquetConverter(settings, await import('hyparquet-writer'));
  }

  /** About how many bytes the rows in memory have. */
  get pendingBytes(): number {
    return this.#payloads.length + this.#rows.textBytes;
  }

  add(record: ExportedRecord): void {
    const { payload } = record;
    if (this.#settings.payload === 'text' && !isUtf8(payload)) throw payloadIsNoText(record);
    this.#rows.add(record, this.#entriesOf(record.metadata), this.#reader.read(record));
    this.#payloads.reserve(payload.length);
    payload.copy(this.#payloads.bytes, this.#payloads.length);
    this.#payloads.length += payload.length;
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
    const rows = this.#rows;
    if (rows.count === 0) return;
    const columnData = rows.toColumns(this.#payloads.filled(), this.#settings.columns);
    void this.#parquet.write({ columnData, rowGroupSize: rows.count });
    this.#rows = new RowGroup(this.#settings.columns.length);
    this.#payloads.length = 0;
    if (this.#payloads.bytes.length > KEPT_BYTES) this.#payloads.take();
  }

  #entriesOf(metadata: ExportedRecord['metadata']): MapEntry[] {
    const known = this.#known.get(metadata);
    if (known !== undefined) return known;
    const entries = Object.keys(metadata).map((key) => ({ key, value: metadata[key] ?? '' }));
    if (this.#known.size >= KNOWN_METADATA) this.#known.clear();
    this.#known.set(metadata, entries);
    return entries;
  }
}

/** The rows of a row group, by columns. */
class RowGroup {
  count = 0;
  /** About how many bytes the values beside the payloads have. */
  textBytes = 0;
  readonly #times: (bigint | undefined)[] = [];
  readonly #writers: (string | undefined)[] = [];
  readonly #sequences: (bigint | undefined)[] = [];
  readonly #metadata: MapEntry[][] = [];
  readonly #payloadEnds: number[] = [];
  readonly #values: ColumnValue[][];

  constructor(columns: number) {
    this.#values = Array.from({ length: columns }, () => []);
  }

  add(record: ExportedRecord, metadata: MapEntry[], values: readonly ColumnValue[]): void {
    const { payload, sequence, timeMicros, writer } = record;
    this.#times.push(timeMicros === undefined ? undefined : BigInt(timeMicros));
    this.#writers.push(writer);
    this.#sequences.push(sequence === undefined ? undefined : BigInt(sequence));
    this.#metadata.push(metadata);
    this.#payloadEnds.push((this.#payloadEnds.at(-1) ?? 0) + payload.length);
    this.textBytes += ROW_BYTES;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      this.#values[i]?.push(value);
      this.textBytes += value?.length ?? 0;
    }
    for (const { key, value } of metadata) this.textBytes += key.length + value.length;
    this.count++;
  }

  toColumns(payloads: Buffer, columns: readonly Column[]) {
    let start = 0;
    const payload = this.#payloadEnds.map((end) => {
      const bytes = payloads.subarray(start, end);
      start = end;
      return bytes;
    });
    const dictionary = { encoding: 'RLE_DICTIONARY', statistics: false } as const;
    return [
      { name: 'time', data: this.#times, encoding: 'DELTA_BINARY_PACKED' } as const,
      { name: 'writer', data: this.#writers, encoding: 'RLE_DICTIONARY' } as const,
      { name: 'sequence', data: this.#sequences, encoding: 'DELTA_BINARY_PACKED' } as const,
      { name: 'metadata', data: this.#metadata, ...dictionary },
      { name: 'payload', data: payload, encoding: 'PLAIN', statistics: false } as const,
      ...columns.map(({ name }, i) => ({ name, data: this.#values[i] ?? [] })),
    ];
  }
}

/** About the size of a row without its payload, metadata and values. */
const ROW_BYTES = 64;
