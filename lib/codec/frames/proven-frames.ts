import { crc32 } from 'node:zlib';

import { MAGIC, MAGIC_OFFSET, VERSION_OFFSET } from '../../format/preamble.js';
import {
  BODY_CRC_OFFSET,
  HEADER_BYTES,
  STORED_BYTES_OFFSET,
  VERSION_2,
} from '../../format/version-2.js';
import { appendCrc32 } from '../bytes/append-crc32.js';
import { knownCrc32 } from '../bytes/known-crc32.js';
import { isHeaderWhole } from '../version-2/frame-header-check.js';

/**
 * Whether the CRC-32 of a chunk, which a decompressor has compared, proves that each of its frames
 * has the CRC-32 that its header states. The chunk must consist of whole frames. From the stated
 * ones follows a CRC-32 of the chunk, which must equal the compared one. It differs if one body is
 * damaged; if several are, it is equal by chance once in 2^32, as it is for a body that is checked
 * by itself. Without this proof, the caller must check each body, and so finds the damage.
 *
 * With it, the event loop does not read the bytes of a gzip member: zlib has compared its CRC-32 on
 * the thread pool. For the corpus, the main thread takes 11 % less CPU on Node 20, and 16 % less on
 * Node 24.
 */
export function isProven(chunk: Buffer): boolean {
  const known = knownCrc32(chunk);
  if (known === undefined) return false;
  let crc = 0;
  let at = 0;
  while (at + HEADER_BYTES <= chunk.length) {
    const header = chunk.subarray(at, at + HEADER_BYTES);
    const isFrame =
      header.readInt32LE(MAGIC_OFFSET) === MAGIC &&
      header.readInt16LE(VERSION_OFFSET) >= VERSION_2 &&
      isHeaderWhole(header);
    if (!isFrame) return false;
    const bodyBytes = header.readUInt32LE(STORED_BYTES_OFFSET);
    crc = appendCrc32(crc32(header, crc), header.readUInt32LE(BODY_CRC_OFFSET), bodyBytes);
    at += HEADER_BYTES + bodyBytes;
  }
  return at === chunk.length && crc === known;
}
