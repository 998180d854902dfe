import { crc32 } from 'node:zlib';

import { MAGIC, MAGIC_OFFSET, VERSION_OFFSET } from '../../format/preamble.js';
import {
  BODY_BYTES_OFFSET,
  BODY_CRC_OFFSET,
  CODEC_OFFSET,
  CODEC_STORED,
  EARLIEST_TIME_OFFSET,
  FLAGS_OFFSET,
  HEADER_CRC_OFFSET,
  KIND_OFFSET,
  LATEST_TIME_OFFSET,
  RECORD_COUNT_OFFSET,
  SEQUENCE_OFFSET,
  STORED_BYTES_OFFSET,
  VERSION_2,
  WRITER_BYTES,
  WRITER_OFFSET,
} from '../../format/version-2.js';
import { readInt64, readUint64, writeInt64 } from '../bytes/int64.js';

/** The header that frames of every version from 2 on have. Times are µs since the epoch. */
export interface FrameHeader {
  readonly version: number;
  readonly kind: number;
  readonly codec: number;
  readonly records: number;
  readonly bodyBytes: number;
  readonly storedBytes: number;
  readonly bodyCrc: number;
  /** NaN when it is over 2^53 - 1; so are the times outside ±(2^53 - 1). */
  readonly sequence: number;
  readonly earliestMicros: number;
  readonly latestMicros: number;
  /** 16 hex digits. */
  readonly writer: string;
  readonly flags: number;
}

/** What a header of version 2 says beyond what follows from its body. */
export interface FrameFacts {
  readonly kind: number;
  readonly records: number;
  readonly sequence: number;
  readonly earliestMicros: number;
  readonly latestMicros: number;
  /** 8 bytes. */
  readonly writerId: Uint8Array;
}

/** Writes the version-2 header of a stored `body`, the checksums included, at `offset`. */
export function writeFrameHeader(
  bytes: Buffer,
  offset: number,
  body: Uint8Array,
  facts: FrameFacts,
): void {
  bytes.writeInt32LE(MAGIC, offset + MAGIC_OFFSET);
  bytes.writeInt16LE(VERSION_2, offset + VERSION_OFFSET);
  bytes[offset + KIND_OFFSET] = facts.kind;
  bytes[offset + CODEC_OFFSET] = CODEC_STORED;
  bytes.writeUInt32LE(facts.records, offset + RECORD_COUNT_OFFSET);
  bytes.writeUInt32LE(body.length, offset + BODY_BYTES_OFFSET);
  bytes.writeUInt32LE(body.length, offset + STORED_BYTES_OFFSET);
  bytes.writeUInt32LE(crc32(body), offset + BODY_CRC_OFFSET);
  writeInt64(bytes, offset + SEQUENCE_OFFSET, facts.sequence);
  writeInt64(bytes, offset + EARLIEST_TIME_OFFSET, facts.earliestMicros);
  writeInt64(bytes, offset + LATEST_TIME_OFFSET, facts.latestMicros);
  bytes.set(facts.writerId, offset + WRITER_OFFSET);
  bytes.writeUInt32LE(0, offset + FLAGS_OFFSET);
  bytes.writeUInt32LE(headerCrc(bytes, offset), offset + HEADER_CRC_OFFSET);
}

/** Reads a header as it stands; whether it holds is for `headerCrc` and the caller to say. */
export function readFrameHeader(bytes: Buffer, offset = 0): FrameHeader {
  return {
    version: bytes.readInt16LE(offset + VERSION_OFFSET),
    kind: bytes.readUInt8(offset + KIND_OFFSET),
    codec: bytes.readUInt8(offset + CODEC_OFFSET),
    records: bytes.readUInt32LE(offset + RECORD_COUNT_OFFSET),
    bodyBytes: bytes.readUInt32LE(offset + BODY_BYTES_OFFSET),
    storedBytes: bytes.readUInt32LE(offset + STORED_BYTES_OFFSET),
    bodyCrc: bytes.readUInt32LE(offset + BODY_CRC_OFFSET),
    sequence: readUint64(bytes, offset + SEQUENCE_OFFSET),
    earliestMicros: readInt64(bytes, offset + EARLIEST_TIME_OFFSET),
    latestMicros: readInt64(bytes, offset + LATEST_TIME_OFFSET),
    writer: bytes.toString('hex', offset + WRITER_OFFSET, offset + WRITER_OFFSET + WRITER_BYTES),
    flags: bytes.readUInt32LE(offset + FLAGS_OFFSET),
  };
}

/** The checksum that belongs into the header at `offset`. */
export function headerCrc(bytes: Buffer, offset = 0): number {
  return crc32(bytes.subarray(offset, offset + HEADER_CRC_OFFSET));
}
