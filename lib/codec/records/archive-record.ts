import { type InspectOptions, inspect } from 'node:util';

import { inspectRecord } from './inspect-record.js';
import { formatIsoMicros } from './iso-time.js';
import { formOf, isShallow, toBase64 } from './payload-form.js';

/** One metadata pair as it is in the archive: the bytes of key and value, normally UTF-8. */
export type RawPair = readonly [key: Uint8Array, value: Uint8Array];

/**
 * Has no prototype, so any key is just a key. Frozen, because records with equal metadata share it.
 */
export type Metadata = Readonly<Record<string, string>>;

/** How one version stores metadata. It has no state of any record. */
export interface MetadataLayout {
  /** @returns frozen */
  decode(bytes: Buffer, start: number, end: number): Metadata;
  pairs(bytes: Buffer, start: number, end: number): RawPair[];
}

/** The facts that all records of one block share. */
export interface RecordOrigin {
  /** The archive's path or name, if the reader knows one. */
  readonly archive: string | undefined;
  /** The writer's id: 16 hex digits. Undefined in version 1 and JSON lines. */
  readonly writer: string | undefined;
  readonly layout: MetadataLayout;
  /** Where its block, or its line, begins in the uncompressed archive; undefined if not known. */
  readonly offset: number | undefined;
  /** Where its reader stood when it emitted the block; undefined if no reader of a series did. */
  position: RecordPosition | undefined;
  /** The number of a record without a sequence among those of its archive, from 0. */
  number: number;
}

/** Where a reader stood when it emitted records. */
export interface RecordPosition {
  /**
   * The cursor that stands right after a record.
   *
   * @param number the record's sequence, or its number in the archive if it has none
   */
  cursorAfter(number: number): string;
}

/** The facts of new records that no reader has emitted yet. */
export function createOrigin(
  archive: string | undefined,
  writer: string | undefined,
  layout: MetadataLayout,
  offset?: number,
): RecordOrigin {
  return { archive, writer, layout, offset, position: undefined, number: 0 };
}

/** Where a record is in the bytes of its block. */
export interface RecordSpan {
  readonly metadataStart: number;
  readonly metadataEnd: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
}

/** What `JSON.stringify` writes of a record; see `ArchiveRecord.toJSON`. */
export interface RecordJson {
  /** In ISO 8601, in UTC, with six digits of the second. */
  readonly time?: string;
  readonly writer?: string;
  readonly sequence?: number;
  readonly metadata: Metadata;
  /** The value of a payload that is JSON. */
  readonly payload?: unknown;
  /** The payload, if it is text other than JSON. */
  readonly payloadText?: string;
  /** The payload, if it is not UTF-8. */
  readonly payloadBase64?: string;
}

/** Marks the records of every copy of this package that a program has loaded. */
const BRAND = Symbol.for('shoebox-archive.ArchiveRecord');

/** Whether a value is an `ArchiveRecord`, of any realm and of any copy of this package. */
export function isArchiveRecord(value: unknown): value is ArchiveRecord {
  return typeof value === 'object' && value !== null && BRAND in value;
}

/** Takes a record's metadata and payload as they are in its block. */
export interface RecordSink {
  /** @param layout decodes the bytes from `start` up to `end` */
  addMetadata(layout: MetadataLayout, bytes: Buffer, start: number, end: number): void;
  addPayload(bytes: Buffer, start: number, end: number): void;
}

let takeOrigin: (record: ArchiveRecord) => RecordOrigin;
let takeSpan: (record: ArchiveRecord) => { bytes: Buffer; span: RecordSpan };
let giveTo: (record: object, sink: RecordSink) => boolean;

/**
 * Gives a sink the bytes of a record's metadata and payload. Making objects of them, as
 * `record.metadata` and `record.payload` do, takes a quarter of the time of exporting small records.
 *
 * @returns false for anything but a record of this copy of the package
 */
export function giveBytes(record: object, sink: RecordSink): boolean {
  return giveTo(record, sink);
}

/** The facts that a record shares with its block. A reader gives them its position. */
export function originOf(record: ArchiveRecord): RecordOrigin {
  return takeOrigin(record);
}

/** A record's block, and where the record is in it. */
export function spanOf(record: ArchiveRecord): { bytes: Buffer; span: RecordSpan } {
  return takeSpan(record);
}

/**
 * A record that was read: a view on the bytes of its block. No code writes to these bytes again, so
 * they stay as they are for as long as you hold the record. It keeps the whole block in memory;
 * `copy()` does not.
 */
export class ArchiveRecord {
  /** The record's number within its writer, from 0. Undefined in version 1 and JSON lines. */
  readonly sequence: number | undefined;
  /** When it happened, in µs since the epoch. Undefined in version 1 and JSON lines. */
  readonly timeMicros: number | undefined;
  readonly #origin: RecordOrigin;
  readonly #bytes: Buffer;
  readonly #metadataStart: number;
  readonly #metadataEnd: number;
  readonly #payloadStart: number;
  readonly #payloadEnd: number;
  #metadata: Metadata | undefined;
  #payload: Buffer | undefined;

  static {
    takeOrigin = (record) => record.#origin;
    takeSpan = (record) => {
      const span = {
        metadataStart: record.#metadataStart,
        metadataEnd: record.#metadataEnd,
        payloadStart: record.#payloadStart,
        payloadEnd: record.#payloadEnd,
      };
      return { bytes: record.#bytes, span };
    };
    giveTo = (record, sink) => {
      if (!(#bytes in record)) return false;
      const { layout } = record.#origin;
      sink.addMetadata(layout, record.#bytes, record.#metadataStart, record.#metadataEnd);
      sink.addPayload(record.#bytes, record.#payloadStart, record.#payloadEnd);
      return true;
    };
  }

  constructor(
    origin: RecordOrigin,
    bytes: Buffer,
    span: RecordSpan,
    sequence?: number,
    timeMicros?: number,
  ) {
    this.#origin = origin;
    this.#bytes = bytes;
    this.#metadataStart = span.metadataStart;
    this.#metadataEnd = span.metadataEnd;
    this.#payloadStart = span.payloadStart;
    this.#payloadEnd = span.payloadEnd;
    this.sequence = sequence;
    this.timeMicros = timeMicros;
  }

  /**
   * Decoded on first use, and frozen: records with equal metadata may share one object. Bytes that
   * are not UTF-8 read as U+FFFD; `rawMetadata` returns them unchanged.
   */
  get metadata(): Metadata {
    this.#metadata ??= this.#origin.layout.decode(
      this.#bytes,
      this.#metadataStart,
      this.#metadataEnd,
    );
    return this.#metadata;
  }

  /** A view, not a copy. */
  get payload(): Buffer {
    this.#payload ??= this.#bytes.subarray(this.#payloadStart, this.#payloadEnd);
    return this.#payload;
  }

  /** `timeMicros` as a Date, in milliseconds. */
  get time(): Date | undefined {
    return this.timeMicros === undefined ? undefined : new Date(this.timeMicros / 1000);
  }

  /** The path or name of its archive, if the reader knew one. */
  get archive(): string | undefined {
    return this.#origin.archive;
  }

  /**
   * Where its block begins in the uncompressed archive, or in version 1 and JSON lines the record
   * itself: in bytes, as errors and `verify` name it. Undefined for a record from elsewhere.
   */
  get offset(): number | undefined {
    return this.#origin.offset;
  }

  /** The id of its writer: 16 hex digits. Undefined in version 1 and JSON lines. */
  get writer(): string | undefined {
    return this.#origin.writer;
  }

  /**
   * The position right after this record, for the option `after` of a reader. Each call computes it.
   * Undefined for a copy, and for a record that no reader of a series has emitted.
   */
  get cursor(): string | undefined {
    const { number, position } = this.#origin;
    return position?.cursorAfter(this.sequence ?? number);
  }

  /** The payload as text. Bytes that are not UTF-8 read as U+FFFD. */
  text(): string {
    return this.#bytes.toString('utf8', this.#payloadStart, this.#payloadEnd);
  }

  /**
   * The payload parsed as JSON. Its shape is unchecked.
   *
   * @throws SyntaxError if the payload is not JSON
   */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /** The metadata pairs in the archive's order, as views on its bytes. */
  rawMetadata(): RawPair[] {
    return this.#origin.layout.pairs(this.#bytes, this.#metadataStart, this.#metadataEnd);
  }

  /**
   * For `JSON.stringify`: time, writer, sequence, metadata, and the payload as `payload`,
   * `payloadText` or `payloadBase64`. Numbers have the precision of JavaScript's; `toJsonLines({
   * lossless: true })` keeps all digits. JSON of more than 1,000 levels is `payloadText`.
   */
  toJSON(): RecordJson {
    const form = formOf(this.payload);
    return {
      ...(this.timeMicros !== undefined && { time: formatIsoMicros(this.timeMicros) }),
      ...(this.writer !== undefined && { writer: this.writer }),
      ...(this.sequence !== undefined && { sequence: this.sequence }),
      metadata: this.metadata,
      ...(form.kind === 'bytes'
        ? { payloadBase64: toBase64(form.bytes) }
        : form.kind === 'json' && isShallow(form.text)
          ? { payload: form.value }
          : { payloadText: form.text }),
    };
  }

  /** For `console.log`: everything, with long payloads cut. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return inspectRecord(this, depth, options);
  }

  get [BRAND](): true {
    return true;
  }

  /** Copies the record to new memory, so that its block can be freed. */
  copy(): ArchiveRecord {
    const start = Math.min(this.#metadataStart, this.#payloadStart);
    const end = Math.max(this.#metadataEnd, this.#payloadEnd);
    // Not from Node's pool: the copy would keep a pool slab in memory instead (64 KiB from Node 24
    // on).
    const bytes = Buffer.allocUnsafeSlow(end - start);
    this.#bytes.copy(bytes, 0, start, end);
    const span = {
      metadataStart: this.#metadataStart - start,
      metadataEnd: this.#metadataEnd - start,
      payloadStart: this.#payloadStart - start,
      payloadEnd: this.#payloadEnd - start,
    };
    const { archive, layout, offset, position, writer } = this.#origin;
    // The copy must not keep the reader's position in memory.
    const origin =
      position === undefined ? this.#origin : createOrigin(archive, writer, layout, offset);
    return new ArchiveRecord(origin, bytes, span, this.sequence, this.timeMicros);
  }
}
