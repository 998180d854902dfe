/** A key and a value of a record's metadata, as they are in the archive: UTF-8 unless odd. */
export type RawPair = readonly [key: Uint8Array, value: Uint8Array];

/** Metadata without a prototype, so that any key is just a key; frozen, for records that are alike share it. */
export type Metadata = Readonly<Record<string, string>>;

/** How one version lays out the metadata of its records. Knows no record by itself. */
export interface MetadataLayout {
  /** @returns frozen */
  decode(bytes: Buffer, start: number, end: number): Metadata;
  pairs(bytes: Buffer, start: number, end: number): RawPair[];
}

/** What the records of one block have in common. */
export interface RecordOrigin {
  /** The archive's path or name, where it has one. */
  readonly archive: string | undefined;
  /** The writer's id, 16 hex digits. Undefined in version 1 and JSON lines. */
  readonly writer: string | undefined;
  readonly layout: MetadataLayout;
}

/** Where in the bytes of its block a record is. */
export interface RecordSpan {
  readonly metadataStart: number;
  readonly metadataEnd: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
}

/**
 * A record as it was read: a view on the bytes of its block, which it keeps in memory. The bytes are
 * its own, nobody writes to them again; `copy()` lets the rest of the block go.
 */
export class ArchiveRecord {
  /** Counts from 0 in its writer. Undefined in version 1 and JSON lines. */
  readonly sequence: number | undefined;
  /** When it happened, µs since the epoch. Undefined in version 1 and JSON lines. */
  readonly timeMicros: number | undefined;
  readonly #origin: RecordOrigin;
  readonly #bytes: Buffer;
  readonly #metadataStart: number;
  readonly #metadataEnd: number;
  readonly #payloadStart: number;
  readonly #payloadEnd: number;
  #metadata: Metadata | undefined;
  #payload: Buffer | undefined;

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
   * Decoded on first use, and frozen: other records with the same metadata may have the same object. Bytes
   * that are not UTF-8 read as U+FFFD; `rawMetadata` has them.
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

  /** `timeMicros` as a Date, which has milliseconds only. */
  get time(): Date | undefined {
    return this.timeMicros === undefined ? undefined : new Date(this.timeMicros / 1000);
  }

  /** The archive it was read from: a path or a name, where the bytes came with one. */
  get archive(): string | undefined {
    return this.#origin.archive;
  }

  /** The id of its writer, 16 hex digits. Undefined in version 1 and JSON lines. */
  get writer(): string | undefined {
    return this.#origin.writer;
  }

  /** The payload as text; bytes that are not UTF-8 read as U+FFFD. */
  text(): string {
    return this.#bytes.toString('utf8', this.#payloadStart, this.#payloadEnd);
  }

  /**
   * The payload's JSON value, which nobody has checked.
   *
   * @throws SyntaxError when the payload is not JSON
   */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /** The metadata in the order and with the bytes of the archive, as views. */
  rawMetadata(): RawPair[] {
    return this.#origin.layout.pairs(this.#bytes, this.#metadataStart, this.#metadataEnd);
  }

  /** The same record on bytes of its own. */
  copy(): ArchiveRecord {
    const start = Math.min(this.#metadataStart, this.#payloadStart);
    const end = Math.max(this.#metadataEnd, this.#payloadEnd);
    // Not in Node's pool, whose slabs, of 64 KiB from Node 24 on, would be held in the block's place.
    const bytes = Buffer.allocUnsafeSlow(end - start);
    this.#bytes.copy(bytes, 0, start, end);
    const span = {
      metadataStart: this.#metadataStart - start,
      metadataEnd: this.#metadataEnd - start,
      payloadStart: this.#payloadStart - start,
      payloadEnd: this.#payloadEnd - start,
    };
    return new ArchiveRecord(this.#origin, bytes, span, this.sequence, this.timeMicros);
  }
}
