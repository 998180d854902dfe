import { crc32 } from 'node:zlib';

import type { Fail } from '../members/section.js';

const MAGIC_1 = 0x1f;
const MAGIC_2 = 0x8b;

/** magic (2), method, flags, time (4), extra flags, system */
const FIXED_BYTES = 2 + 1 + 1 + 4 + 1 + 1;
const METHOD_OFFSET = 2;
const FLAGS_OFFSET = 3;
const DEFLATE = 8;

const HAS_HEADER_CRC = 0x02;
const HAS_EXTRA = 0x04;
const HAS_NAME = 0x08;
const HAS_COMMENT = 0x10;
const RESERVED_FLAGS = 0xe0;

const LENGTH_BYTES = 2;
const CRC_BYTES = 2;

/** gzip does not limit names and comments: without this limit, a header could fill the memory. */
const LARGEST_HEADER_BYTES = 256 * 2 ** 10;

/** Whether bytes start with the magic number of gzip. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === MAGIC_1 && bytes[1] === MAGIC_2;
}

/**
 * The length of the header of a gzip member (RFC 1952, section 2.3); undefined if `bytes` end
 * within it.
 *
 * @param bytes start with the member
 */
export function gzipHeaderBytes(bytes: Buffer, fail: Fail): number | undefined {
  const isOther = bytes.length > 1 ? !isGzip(bytes) : bytes.length > 0 && bytes[0] !== MAGIC_1;
  if (isOther) fail('a gzip member', `0x${bytes.toString('hex', 0, 2)}`);
  if (bytes.length < FIXED_BYTES) return undefined;
  const method = bytes.readUInt8(METHOD_OFFSET);
  if (method !== DEFLATE) fail('gzip method 8', `method ${method}`);
  const flags = bytes.readUInt8(FLAGS_OFFSET);
  if ((flags & RESERVED_FLAGS) !== 0) fail('gzip flags below 0x20', `0x${flags.toString(16)}`);

  let end = FIXED_BYTES;
  if ((flags & HAS_EXTRA) !== 0) {
    if (bytes.length < end + LENGTH_BYTES) return undefined;
    end += LENGTH_BYTES + bytes.readUInt16LE(end);
  }
  for (const text of [HAS_NAME, HAS_COMMENT]) {
    if ((flags & text) === 0) continue;
    const zero = bytes.indexOf(0, end);
    if (zero === -1) {
      if (bytes.length > LARGEST_HEADER_BYTES) fail('a gzip header of 256 KiB', 'a longer one');
      return undefined;
    }
    end = zero + 1;
  }
  const hasCrc = (flags & HAS_HEADER_CRC) !== 0;
  if (bytes.length < end + (hasCrc ? CRC_BYTES : 0)) return undefined;
  if (!hasCrc) return end;
  const crc = crc32(bytes.subarray(0, end)) & 0xffff;
  const expected = bytes.readUInt16LE(end);
  if (crc !== expected) fail(`gzip header checksum 0x${hex16(expected)}`, `0x${hex16(crc)}`);
  return end + CRC_BYTES;
}

function hex16(value: number): string {
  return value.toString(16).padStart(4, '0');
}
