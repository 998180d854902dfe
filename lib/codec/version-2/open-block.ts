import { DamageError } from '../../errors/damage-error.js';
import { HEADER_BYTES, TABLE_START_BYTES } from '../../format/version-2.js';
import { RecentMap } from '../bytes/recent-map.js';
import { VarintReader } from '../bytes/varint-reader.js';
import { ArchiveRecord, type RecordOrigin } from '../records/archive-record.js';
import { BlockLayout } from './block-layout.js';
import { areFew, BlockSelection, type RecordSelection } from './block-selection.js';
import type { FrameHeader } from './frame-header.js';

/** Larger key tables are not cached. */
const MOST_KNOWN_BYTES = 1024;

/**
 * Layouts by the bytes of their key table. Most blocks of a series have the same table, and share
 * its layout.
 */
const layouts = new RecentMap<BlockLayout>(256);

export interface OpenBlockOptions {
  readonly archive: string | undefined;
  /** Where the frame begins: bytes from the start of the archive. */
  readonly offset: number;
  readonly maxRecordBytes: number;
  /** Selects records. @default all */
  readonly selection?: RecordSelection | undefined;
}

/**
 * Opens a records body (docs/format.md, "Records") with a good checksum, and appends its wanted
 * records to `into`. It walks the whole body once, so no fault in it can surface later.
 *
 * @throws DamageError, with nothing appended
 */
export function openBlock(
  header: FrameHeader,
  body: Buffer,
  options: OpenBlockOptions,
  into: ArchiveRecord[],
): void {
  const reader = new BodyReader(header, body, options);
  const layout = reader.readLayout();
  const origin = { archive: options.archive, writer: header.writer, layout };
  const before = into.length;
  const { selection } = options;
  const wanted =
    selection === undefined ? 'all' : BlockSelection.create(header, layout.rawKeys, selection);
  if (wanted === 'none') return;
  try {
    reader.readRecords(origin, into, wanted);
  } catch (error) {
    into.length = before;
    throw error;
  }
  if (wanted === 'all' || !areFew(into.length - before, header.records)) return;
  for (const [i, record] of into.slice(before).entries()) into[before + i] = record.copy();
}

class BodyReader {
  readonly #header: FrameHeader;
  readonly #body: Buffer;
  readonly #options: OpenBlockOptions;
  readonly #reader: VarintReader;
  #tableStart = 0;
  #keys = 0;

  constructor(header: FrameHeader, body: Buffer, options: OpenBlockOptions) {
    this.#header = header;
    this.#body = body;
    this.#options = options;
    this.#reader = new VarintReader(body);
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
    if (table !== null && known === undefined) layouts.set(table, layout);
    this.#keys = layout.rawKeys.length;
    return layout;
  }

  #readKeys(tableEnd: number): Buffer[] {
    const body = this.#body;
    const reader = this.#reader;
    reader.position = this.#tableStart;
    reader.end = tableEnd;
    const count = this.#readCount('a number of keys', tableEnd);
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

  readRecords(origin: RecordOrigin, into: ArchiveRecord[], wanted: BlockSelection | 'all'): void {
    const { records, sequence, earliestMicros, latestMicros } = this.#header;
    const body = this.#body;
    const reader = this.#reader;
    reader.position = 0;
    let timeMicros = earliestMicros;
    for (let i = 0; i < records; i++) {
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
      const isWanted =
        wanted === 'all' ||
        (wanted.mayHave(i, timeMicros) && wanted.has(reader, body, metadataStart, metadataEnd));
      reader.position = payloadEnd;
      if (!isWanted) continue;
      const span = { metadataStart, metadataEnd, payloadStart: metadataEnd, payloadEnd };
      into.push(new ArchiveRecord(origin, body, span, sequence + i, timeMicros));
    }
    if (reader.position !== this.#tableStart) {
      this.#fail(reader.position, `${records} records and then the key table`, 'more bytes');
    }
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
