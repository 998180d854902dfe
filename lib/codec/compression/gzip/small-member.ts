import { crc32 } from 'node:zlib';

import {
  DATA_HEADER_BYTES,
  FINAL_BLOCK_BYTES,
  MEMBER_TRAILER_BYTES,
  SMALL_MEMBER_END,
} from '../../../format/seekable-gzip.js';

/** A member that ends with a sync flush before its final block. */
export interface SmallMember {
  /** Its deflate data without the final block, so that an inflater can continue with other data. */
  readonly deflated: Buffer;
  /** The CRC-32 of the uncompressed bytes. */
  readonly crc: number;
  readonly rawBytes: number;
}

const END = Buffer.from(SMALL_MEMBER_END);
const FINAL_BLOCK = END.subarray(END.length - FINAL_BLOCK_BYTES);

/** The final block and the trailer of a small member, after deflate data that end with a sync flush. */
export function encodeSmallEnd(raw: Buffer): Buffer {
  const end = Buffer.alloc(FINAL_BLOCK_BYTES + MEMBER_TRAILER_BYTES);
  end.set(FINAL_BLOCK);
  end.writeUInt32LE(crc32(raw), FINAL_BLOCK_BYTES);
  end.writeUInt32LE(raw.length, FINAL_BLOCK_BYTES + 4);
  return end;
}

/**
 * Takes apart a whole data member of ours.
 *
 * @returns null if it does not end like a small member
 */
export function openSmallMember(member: Buffer): SmallMember | null {
  const trailer = member.length - MEMBER_TRAILER_BYTES;
  const end = trailer - END.length;
  if (end < DATA_HEADER_BYTES || !member.subarray(end, trailer).equals(END)) return null;
  return {
    deflated: member.subarray(DATA_HEADER_BYTES, trailer - FINAL_BLOCK_BYTES),
    crc: member.readUInt32LE(trailer),
    rawBytes: member.readUInt32LE(trailer + 4),
  };
}
