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

/** Ends the reading of a member with what is wrong, `at` so many bytes from where it began. */
export type GzipFail = (at: number, expected: string, found: string) => never;

/** The gzip flag that tells of an extra field (RFC 1952, section 2.3.1). */
const HAS_EXTRA = 4;
const FLAGS_OFFSET = 3;

/**
 * The header of a gzip member whose extra field is our subfield, and nothing else. Its fields are written
 * by `write`, which is given the header and where in it the subfield's data begin.
 */
export function encodeMemberHeader(
  kind: number,
  dataBytes: number,
  write: (header: Buffer, dataOffset: number) => void,
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
  /** Where its data begin in the bytes that were searched. */
  readonly offset: number;
  /** Its data, or as much of them as there is. */
  readonly data: Buffer;
  /** How long they are. */
  readonly dataBytes: number;
}

/**
 * Our subfield in the extra field of the gzip member that `bytes` begin with, among any others; or null,
 * where it has none, or is no gzip, or ends before the subfield tells its version and its kind.
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
    const offset = at + SUBFIELD_HEADER_BYTES;
    const isOurs = SUBFIELD_ID.every((byte, i) => bytes[at + i] === byte);
    if (isOurs && dataBytes >= FIELDS_OFFSET && offset + dataBytes <= extraEnd) {
      const data = bytes.subarray(offset, Math.min(offset + dataBytes, end));
      const version = data.readUInt8(SUBFIELD_VERSION_OFFSET);
      return { version, kind: data.readUInt8(MEMBER_KIND_OFFSET), offset, data, dataBytes };
    }
    at = offset + dataBytes;
  }
  return null;
}

/** Checks that a subfield is there whole, as long as its kind has it, and unchanged. */
export function checkSubfield(subfield: GzipSubfield, dataBytes: number, fail: GzipFail): void {
  const { data, offset } = subfield;
  if (subfield.dataBytes !== dataBytes) {
    fail(offset, `a subfield of ${dataBytes} bytes`, `${subfield.dataBytes}`);
  }
  if (data.length < dataBytes) fail(offset, `${dataBytes} bytes`, `the end after ${data.length}`);
  const crcAt = dataBytes - SUBFIELD_CRC_BYTES;
  const crc = crc32(data.subarray(0, crcAt));
  const found = data.readUInt32LE(crcAt);
  if (crc !== found) fail(offset + crcAt, `subfield checksum ${hex(crc)}`, hex(found));
}

/**
 * Checks that a member without data is nothing but its subfield: where the next one begins, or the file
 * ends, follows from that alone.
 *
 * @param member all of it
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

/** Writes what is before the subfield's data. */
function writeStart(header: Buffer, dataBytes: number): void {
  header.set(MEMBER_START);
  header.writeUInt16LE(SUBFIELD_HEADER_BYTES + dataBytes, EXTRA_LENGTH_OFFSET);
  header.set(SUBFIELD_ID, EXTRA_OFFSET);
  header.writeUInt16LE(dataBytes, EXTRA_OFFSET + SUBFIELD_ID.length);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
