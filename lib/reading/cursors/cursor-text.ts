import { crc32 } from 'node:zlib';

import { varintBytes, writeVarint } from '../../codec/bytes/varint.js';
import { BAD_VARINT, VarintReader } from '../../codec/bytes/varint-reader.js';
import { quote, show } from '../../errors/show.js';
import { WRITER_BYTES } from '../../format/version-2.js';

/** The content of a cursor: how far each writer, and each archive without sequences, was read. */
export interface CursorFacts {
  /** Ascending by writer, each once. */
  readonly writers: readonly CursorWriter[];
  readonly archives: readonly CursorArchive[];
}

export interface CursorWriter {
  /** 16 hex digits. */
  readonly writer: string;
  /** The sequence of its next record. */
  readonly next: number;
}

/** An archive whose records have no sequences: version 1 or JSON lines. */
export interface CursorArchive {
  /** Its identity: a hash of its name and its first bytes, 16 hex digits. */
  readonly hash: string;
  /**
   * How many characters of the name were hashed; null: the whole name. The rest may change when the
   * archive is sealed.
   */
  readonly nameLength: number | null;
  /** How many of its first bytes, uncompressed, were hashed. */
  readonly headBytes: number;
  /** How many of its records were read. */
  readonly records: number;
}

const VERSION = 1;
const HASH_BYTES = 8;
const CHECKSUM_BYTES = 4;

/**
 * The text of a cursor: `1.` and, in base64url, the number of writers, each writer's id and next
 * sequence, the number of archives, each archive's hash and three numbers, and the CRC-32 of all
 * that. Numbers are varints, the checksum is little-endian. At most 22 characters per writer, and about as many
 * per archive.
 */
export function formatCursor({ archives, writers }: CursorFacts): string {
  const fields = archives.map(({ hash, ...archive }) => ({
    id: hash,
    numbers: numbersOf(archive),
  }));
  const entries = [writers.map(({ next, writer }) => ({ id: writer, numbers: [next] })), fields];
  let size = CHECKSUM_BYTES;
  for (const list of entries) {
    size += varintBytes(list.length);
    for (const { id, numbers } of list) {
      size += id.length / 2 + numbers.reduce((sum, number) => sum + varintBytes(number), 0);
    }
  }
  const bytes = Buffer.alloc(size);
  let at = 0;
  for (const list of entries) {
    at = writeVarint(bytes, at, list.length);
    for (const { id, numbers } of list) {
      at += bytes.write(id, at, 'hex');
      for (const number of numbers) at = writeVarint(bytes, at, number);
    }
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(0, at)), at);
  return `${VERSION}.${bytes.toString('base64url')}`;
}

function numbersOf({ headBytes, nameLength, records }: Omit<CursorArchive, 'hash'>): number[] {
  return [nameLength === null ? 0 : nameLength + 1, headBytes, records];
}

/** @throws TypeError or RangeError that names `after`, unless `text` is a cursor of this version */
export function parseCursor(text: unknown): CursorFacts {
  if (typeof text !== 'string') {
    throw new TypeError(`after is ${show(text)}, expected a cursor, such as record.cursor`);
  }
  const [, version, encoded] = /^([1-9]\d*)\.([\w-]*)$/.exec(text) ?? [];
  if (version === undefined || encoded === undefined) {
    throw new RangeError(`after is ${quote(text)}, expected a cursor, such as record.cursor`);
  }
  if (version !== String(VERSION)) {
    throw new RangeError(
      `after is a cursor of version ${quote(version)}, expected version ${VERSION}`,
    );
  }
  const bytes = Buffer.from(encoded, 'base64url');
  const end = bytes.length - CHECKSUM_BYTES;
  // Several texts decode to the same bytes; only one of them is what was written.
  const isWhole =
    end > 0 &&
    bytes.toString('base64url') === encoded &&
    bytes.readUInt32LE(end) === crc32(bytes.subarray(0, end));
  const facts = isWhole ? readFacts(bytes.subarray(0, end)) : null;
  if (facts !== null) return facts;
  throw new RangeError(`after is ${quote(text)}, which was altered or cut off`);
}

/** Null if the bytes are not exactly what `formatCursor` writes. */
function readFacts(bytes: Buffer): CursorFacts | null {
  const reader = new VarintReader(bytes);
  const writers = readList(bytes, reader, WRITER_BYTES, 1);
  const archives = writers === null ? null : readList(bytes, reader, HASH_BYTES, 3);
  if (writers === null || archives === null || reader.position !== bytes.length) return null;
  return {
    writers: writers.map(({ id, numbers: [next = 0] }) => ({ writer: id, next })),
    archives: archives.map(({ id, numbers: [name = 0, headBytes = 0, records = 0] }) => ({
      hash: id,
      nameLength: name === 0 ? null : name - 1,
      headBytes,
      records,
    })),
  };
}

function readList(bytes: Buffer, reader: VarintReader, idBytes: number, numbersPerId: number) {
  const count = reader.readUnsigned();
  if (count === BAD_VARINT) return null;
  const list: { readonly id: string; readonly numbers: readonly number[] }[] = [];
  for (let i = 0; i < count; i++) {
    const id = bytes.toString('hex', reader.position, reader.position + idBytes);
    reader.position += idBytes;
    const numbers: number[] = [];
    for (let n = 0; n < numbersPerId; n++) numbers.push(reader.readUnsigned());
    if (numbers.includes(BAD_VARINT)) return null;
    list.push({ id, numbers });
  }
  return list;
}
