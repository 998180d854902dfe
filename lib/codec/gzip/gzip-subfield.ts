import { crc32 } from 'node:zlib';

import {
  EMPTY_MEMBER_END,
  EXTRA_LENGTH_OFFSET,
  EXTRA_OFFSET,
  FIELDS_OFFSET,
  MEMBER_KIND_OFFSET,
  MEMBER_START,
  RESERVED_OFFSET,
  SUBFIELD_CRC_BYTES,
  SUBFIELD_DATA_OFFSET,
  SUBFIELD_HEADER_BYTES,
  SUBFIELD_ID,
  SUBFIELD_VERSION,
  SUBFIELD_VERSION_OFFSET,
} from '../../format/seekable-gzip.js';
import { hex32 } from '../bytes/hex32.js';

/** Throws the error for a fault `at` so many bytes from the member's beginning. */
export type GzipFail = (at: number, expected: string, found: string) => never;

/** The gzip flag for an extra field (RFC 1952, section 2.3.1). */
const HAS_EXTRA = 4;
const FLAGS_OFFSET = 3;

/**
 * Encodes the header of a gzip member whose extra field holds only our subfield.
 *
 * @param write writes the subfield's fields; `dataStart` is where its data begin in `header`
 */
export function encodeMemberHeader(
  kind: number,
  dataBytes: number,
  write: (header: Buffer, dataStart: number) => void,
): Buffer {
  const header = Buffer.alloc(SUBFIELD_DATA_OFFSET + dataBytes);
  writeStart(header, dataBytes);
  header[SUBFIELD_DATA_OFFSET + SUBFIELD_VERSION_OFFSET] = SUBFIELD_VERSION;
  header[SUBFIELD_DATA_OFFSET + MEMBER_KIND_OFFSET] = kind;
  header.writeUInt16LE(0, SUBFIELD_DATA_OFFSET + RESERVED_OFFSET);
  write(header, SUBFIELD_DATA_OFFSET);
  const crcAt = header.length - SUBFIELD_CRC_BYTES;
  header.writeUInt32LE(crc32(header.subarray(SUBFIELD_DATA_OFFSET, crcAt)), crcAt);
  return header;
}

/** Our subfield in the header of a gzip member. */
export interface GzipSubfield {
  readonly version: number;
  readonly kind: number;
  /** Where its data begin in the searched bytes. */
  readonly start: number;
  /** Its data, as far as the searched bytes hold them. */
  readonly data: Buffer;
  /** The size of its data. */
  readonly dataBytes: number;
}

/**
 * Finds our subfield in the extra field of the gzip member that `bytes` begin with. Returns null if
 * there is none, if the bytes are not gzip, or if they end before the subfield's version and kind.
 */
export function findSubfield(bytes: Buffer): GzipSubfield | null {
  const isMember = bytes.length >= EXTRA_OFFSET && bytes[0] === MEMBER_START[0];
  if (!isMember || bytes[1] !== MEMBER_START[1]) return null;
  if ((bytes.readUInt8(FLAGS_OFFSET) & HAS_EXTRA) === 0) return null;
  const extraEnd = EXTRA_OFFSET + bytes.readUInt16LE(EXTRA_LENGTH_OFFSET);
  const end = Math.min(extraEnd, bytes.length);
  let at = EXTRA_OFFSET;
  while (at + SUBFIELD_HEADER_BYTES + FIELDS_OFFSET <= end) {
    const dataBytes = bytes.readUInt16LE(at + SUBFIELD_ID.length);
    const start = at + SUBFIELD_HEADER_BYTES;
    const isOurs = SUBFIELD_ID.every((byte, i) => bytes[at + i] === byte);
    if (isOurs && dataBytes >= FIELDS_OFFSET && start + dataBytes <= extraEnd) {
      const data = bytes.subarray(start, Math.min(start + dataBytes, end));
      const version = data.readUInt8(SUBFIELD_VERSION_OFFSET);
      return { version, kind: data.readUInt8(MEMBER_KIND_OFFSET), start, data, dataBytes };
    }
    at = start + dataBytes;
  }
  return null;
}

/** Checks that a subfield is complete, has the length of its kind, and has a good checksum. */
export function checkSubfield(subfield: GzipSubfield, dataBytes: number, fail: GzipFail): void {
  const { data, start } = subfield;
  if (subfield.dataBytes !== dataBytes) {
    fail(start, `a subfield of ${dataBytes} bytes`, `${subfield.dataBytes}`);
  }
  if (data.length < dataBytes) fail(start, `${dataBytes} bytes`, `the end after ${data.length}`);
  const crcAt = dataBytes - SUBFIELD_CRC_BYTES;
  const crc = crc32(data.subarray(0, crcAt));
  const found = data.readUInt32LE(crcAt);
  if (crc !== found) fail(start + crcAt, `subfield checksum ${hex32(crc)}`, hex32(found));
}

/**
 * Checks that a member without data holds nothing but its subfield. Then its length, and so the
 * start of the next member, follows from the subfield.
 *
 * @param member the whole member
 */
export function checkEmptyMember(member: Buffer, dataBytes: number, fail: GzipFail): void {
  const expectedStart = Buffer.alloc(SUBFIELD_DATA_OFFSET);
  writeStart(expectedStart, dataBytes);
  const endAt = SUBFIELD_DATA_OFFSET + dataBytes;
  for (const [at, expected] of [
    [0, expectedStart],
    [endAt, Buffer.from(EMPTY_MEMBER_END)],
  ] as const) {
    const found = member.subarray(at, at + expected.length);
    if (!found.equals(expected)) fail(at, expected.toString('hex'), found.toString('hex'));
  }
}

/** Writes the bytes before the subfield's data. */
function writeStart(header: Buffer, dataBytes: number): void {
  header.set(MEMBER_START);
  header.writeUInt16LE(SUBFIELD_HEADER_BYTES + dataBytes, EXTRA_LENGTH_OFFSET);
  header.set(SUBFIELD_ID, EXTRA_OFFSET);
  header.writeUInt16LE(dataBytes, EXTRA_OFFSET + SUBFIELD_ID.length);
}
