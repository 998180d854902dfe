import { DamageError } from '../../errors/damage-error.js';
import { MAX_BLOCK_KEYS } from '../../format/limits.js';
import { HEADER_BYTES, TABLE_START_BYTES } from '../../format/version-2.js';
import { RecentMap } from '../bytes/recent-map.js';
import { VarintReader } from '../bytes/varint-reader.js';
import { ArchiveRecord, type RecordOrigin } from '../records/archive-record.js';
import { BlockLayout } from './block-layout.js';
import type { BlockSelection } from './block-selection.js';
import type { FrameHeader } from './frame-header.js';

/** Larger key tables are not cached. */
const MOST_KNOWN_BYTES = 1024;
const MOST_KNOWN_KEYS = 256;

/**
 * Layouts by the bytes of their key table. Most blocks of a series have the same table, and share
 * its layout.
 */
const layouts = new RecentMap<BlockLayout>(256);

export interface BodyOptions {
  readonly archive: string | undefined;
  /** Where the frame begins: bytes from the start of the archive. */
  readonly offset: number;
  readonly maxRecordBytes: number;
}

/** Walks the records of a body (docs/format.md, "Records"), and throws `DamageError` for any fault. */
export class BodyReader {
  readonly #header: FrameHeader;
  readonly #body: Buffer;
  readonly #options: BodyOptions;
  readonly #reader: VarintReader;
  #tableStart = 0;
  #keys = 0;
  /** The next record: its index, where it begins, and the time before it. */
  #index = 0;
  #position = 0;
  #timeMicros: number;

  constructor(header: FrameHeader, body: Buffer, options: BodyOptions) {
    this.#header = header;
    this.#body = body;
    this.#options = options;
    this.#reader = new VarintReader(body);
    this.#timeMicros = header.earliestMicros;
  }

  readLayout(): BlockLayout {
    const body = this.#body;
    const tableEnd = body.length - TABLE_START_BYTES;
    if (tableEnd < 1) this.#fail(0, 'a key table', `${body.length} bytes`);
    this.#tableStart = body.readUInt32LE(tableEnd);
    if (this.#tableStart >= tableEnd) {
      this.#fail(tableEnd, `a key table before byte ${tableEnd}`, `byte ${this.#tableStart}`);
    }
    const isLarge = tableEnd - this.#tableStart > MOST_KNOWN_BYTES;
    const table = isLarge ? null : body.toString('latin1', this.#tableStart, tableEnd);
    const known = table === null ? undefined : layouts.get(table);
    const layout = known ?? new BlockLayout(this.#readKeys(tableEnd));
    this.#keys = layout.rawKeys.length;
    if (table !== null && known === undefined && this.#keys <= MOST_KNOWN_KEYS) {
      layouts.set(table, layout);
    }
    return layout;
  }

  #readKeys(tableEnd: number): Buffer[] {
    const body = this.#body;
    const reader = this.#reader;
    reader.position = this.#tableStart;
    reader.end = tableEnd;
    const count = this.#readCount('a number of keys', tableEnd);
    if (count > MAX_BLOCK_KEYS) {
      throw this.#damage(
        'too-large',
        this.#tableStart,
        `at most ${MAX_BLOCK_KEYS} keys`,
        `${count}`,
      );
    }
    const keys: Buffer[] = [];
    for (let i = 0; i < count; i++) {
      const end = this.#readCount('a key', tableEnd) + reader.position;
      keys.push(Buffer.from(body.subarray(reader.position, end)));
      reader.position = end;
    }
    if (reader.position !== tableEnd) {
      this.#fail(reader.position, 'the end of the key table', 'more bytes');
    }
    return keys;
  }

  /** Checks all records, and returns to the first one. */
  check(): void {
    const { records } = this.#header;
    while (this.#index < records) {
      this.#checkShort();
      if (this.#index < records) this.#readRecords(1);
    }
    this.#index = 0;
    this.#position = 0;
    this.#timeMicros = this.#header.earliestMicros;
  }

  /** Reads and checks all records. */
  readAll(wanted: BlockSelection | 'all', origin: RecordOrigin, into: ArchiveRecord[]): void {
    this.#readRecords(this.#header.records, wanted, origin, into);
  }

  /** Reads the next `count` records, which were checked. */
  readChecked(
    count: number,
    wanted: BlockSelection | 'all',
    origin: RecordOrigin,
    into: ArchiveRecord[],
  ): void {
    const body = this.#body;
    const reader = this.#reader;
    reader.position = this.#position;
    let timeMicros = this.#timeMicros;
    const end = this.#index + count;
    for (let i = this.#index; i < end; i++) {
      reader.end = this.#tableStart;
      const payloadEnd = reader.readUnsigned() + reader.position;
      timeMicros += reader.readSigned();
      const metadataEnd = reader.readUnsigned() + reader.position;
      const metadataStart = reader.position;
      const isWanted =
        wanted === 'all' ||
        (wanted.mayHave(i, timeMicros) && wanted.has(reader, body, metadataStart, metadataEnd));
      reader.position = payloadEnd;
      if (!isWanted) continue;
      const span = { metadataStart, metadataEnd, payloadStart: metadataEnd, payloadEnd };
      const sequence = this.#header.sequence + i;
      into.push(new ArchiveRecord(origin, body, span, sequence, timeMicros));
    }
    this.#index = end;
    this.#position = reader.position;
    this.#timeMicros = timeMicros;
  }

  /** Checks records up to the first one that has metadata or a varint of more than one byte. */
  #checkShort(): void {
    const { records, earliestMicros, latestMicros } = this.#header;
    const body = this.#body;
    const tableStart = this.#tableStart;
    let at = this.#position;
    let i = this.#index;
    let timeMicros = this.#timeMicros;
    for (; i < records && at + 2 < tableStart; i++) {
      const length = body[at] as number;
      const time = body[at + 1] as number;
      const isShort = length >= 2 && length < 0x80 && time < 0x80 && body[at + 2] === 0;
      const next = at + 1 + length;
      if (!isShort || next > tableStart || length > this.#options.maxRecordBytes) break;
      const nextMicros = timeMicros + ((time & 1) === 0 ? time >>> 1 : -(time >>> 1) - 1);
      if (!(nextMicros >= earliestMicros && nextMicros <= latestMicros)) break;
      timeMicros = nextMicros;
      at = next;
    }
    this.#index = i;
    this.#position = at;
    this.#timeMicros = timeMicros;
    if (i === records) this.#checkEnd();
  }

  /** Reads and checks the next `count` records. Without `origin` and `into` it makes none. */
  #readRecords(
    count: number,
    wanted: BlockSelection | 'all' = 'all',
    origin?: RecordOrigin,
    into?: ArchiveRecord[],
  ): void {
    const { records, sequence, earliestMicros, latestMicros } = this.#header;
    const body = this.#body;
    const reader = this.#reader;
    reader.position = this.#position;
    let timeMicros = this.#timeMicros;
    const end = this.#index + count;
    for (let i = this.#index; i < end; i++) {
      reader.end = this.#tableStart;
      const length = this.#readCount('a record', this.#tableStart);
      if (length > this.#options.maxRecordBytes) {
        const limit = `at most ${this.#options.maxRecordBytes} bytes`;
        throw this.#damage('too-large', reader.position, limit, `a record of ${length}`);
      }
      const payloadEnd = reader.position + length;
      reader.end = payloadEnd;
      const timeAt = reader.position;
      timeMicros += reader.readSigned();
      if (!(timeMicros >= earliestMicros && timeMicros <= latestMicros)) {
        this.#fail(timeAt, `a time from ${earliestMicros} to ${latestMicros}`, String(timeMicros));
      }
      const metadataBytes = this.#readCount('metadata', payloadEnd);
      const metadataStart = reader.position;
      const metadataEnd = metadataStart + metadataBytes;
      this.#walkMetadata(metadataEnd);
      if (origin === undefined || into === undefined) {
        reader.position = payloadEnd;
        continue;
      }
      const isWanted =
        wanted === 'all' ||
        (wanted.mayHave(i, timeMicros) && wanted.has(reader, body, metadataStart, metadataEnd));
      reader.position = payloadEnd;
      if (!isWanted) continue;
      const span = { metadataStart, metadataEnd, payloadStart: metadataEnd, payloadEnd };
      into.push(new ArchiveRecord(origin, body, span, sequence + i, timeMicros));
    }
    this.#index = end;
    this.#position = reader.position;
    this.#timeMicros = timeMicros;
    if (end === records) this.#checkEnd();
  }

  /** Whether the key table follows the last record. */
  #checkEnd(): void {
    if (this.#position === this.#tableStart) return;
    const expected = `${this.#header.records} records and then the key table`;
    this.#fail(this.#position, expected, 'more bytes');
  }

  #walkMetadata(end: number): void {
    const reader = this.#reader;
    reader.end = end;
    while (reader.position < end) {
      const at = reader.position;
      const key = reader.readUnsigned();
      if (key < 0 || key >= this.#keys) {
        this.#fail(at, `one of ${this.#keys} keys`, key < 0 ? 'not a varint' : `key ${key}`);
      }
      const valueBytes = this.#readCount('a value', end);
      reader.position += valueBytes;
    }
  }

  /**
   * Reads a varint that counts bytes or entries, and checks that as many bytes are left before
   * `end`.
   */
  #readCount(what: string, end: number): number {
    const reader = this.#reader;
    const at = reader.position;
    const count = reader.readUnsigned();
    if (count < 0) this.#fail(at, `the length of ${what}`, 'not a varint');
    if (count > end - reader.position) {
      this.#fail(at, `${what} within ${end - reader.position} bytes`, String(count));
    }
    return count;
  }

  #fail(position: number, expected: string, found: string): never {
    throw this.#damage('bad-body', position, expected, found);
  }

  #damage(reason: 'bad-body' | 'too-large', position: number, expected: string, found: string) {
    const offset = this.#options.offset + HEADER_BYTES + position;
    return new DamageError(
      { reason, what: 'block', offset, expected, found },
      this.#options.archive,
    );
  }
}
