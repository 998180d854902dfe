import { crc32 } from 'node:zlib';

import { MAGIC, MAGIC_OFFSET, VERSION_OFFSET } from '../../format/preamble.js';
import {
  BODY_BYTES_OFFSET,
  BODY_CRC_OFFSET,
  CODEC_OFFSET,
  CODEC_STORED,
  EARLIEST_TIME_OFFSET,
  FLAGS_OFFSET,
  FOLLOWS_GAP,
  HEADER_BYTES,
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

/** The header of a frame of any version from 2 on. Times are µs since the epoch. */
export interface FrameHeader {
  readonly version: number;
  readonly kind: number;
  readonly codec: number;
  readonly records: number;
  readonly bodyBytes: number;
  readonly storedBytes: number;
  readonly bodyCrc: number;
  /** NaN if it is over 2^53 - 1, as are times outside ±(2^53 - 1). */
  readonly sequence: number;
  readonly earliestMicros: number;
  readonly latestMicros: number;
  /** 16 hex digits. */
  readonly writer: string;
  readonly flags: number;
}

/** The fields of a version-2 header that do not follow from the body. */
export interface FrameFacts {
  readonly kind: number;
  readonly records: number;
  readonly sequence: number;
  readonly earliestMicros: number;
  readonly latestMicros: number;
  /** 8 bytes. */
  readonly writerId: Uint8Array;
  /** @default 0 */
  readonly flags?: number;
}

/** Whether sequences before a block may be missing by design. */
export function followsGap({ flags }: Pick<FrameHeader, 'flags'>): boolean {
  return (flags & FOLLOWS_GAP) !== 0;
}

/**
 * Writes the version-2 header of a body that is stored unchanged, from `start` on, but not the
 * checksums: see `writeChecksums`.
 */
export function writeHeaderFields(
  bytes: Buffer,
  start: number,
  bodyBytes: number,
  facts: FrameFacts,
): void {
  bytes.writeInt32LE(MAGIC, start + MAGIC_OFFSET);
  bytes.writeInt16LE(VERSION_2, start + VERSION_OFFSET);
  bytes[start + KIND_OFFSET] = facts.kind;
  bytes[start + CODEC_OFFSET] = CODEC_STORED;
  bytes.writeUInt32LE(facts.records, start + RECORD_COUNT_OFFSET);
  bytes.writeUInt32LE(bodyBytes, start + BODY_BYTES_OFFSET);
  bytes.writeUInt32LE(bodyBytes, start + STORED_BYTES_OFFSET);
  writeInt64(bytes, start + SEQUENCE_OFFSET, facts.sequence);
  writeInt64(bytes, start + EARLIEST_TIME_OFFSET, facts.earliestMicros);
  writeInt64(bytes, start + LATEST_TIME_OFFSET, facts.latestMicros);
  bytes.set(facts.writerId, start + WRITER_OFFSET);
  bytes.writeUInt32LE(facts.flags ?? 0, start + FLAGS_OFFSET);
}

/**
 * Writes the checksums of whole frames of version 2 that follow each other and fill `frames`. The
 * hashing thread does the same (`streams/hashing-thread.ts`).
 */
export function writeChecksums(frames: Buffer): void {
  for (let start = 0; start < frames.length; ) {
    const body = start + HEADER_BYTES;
    const end = body + frames.readUInt32LE(start + STORED_BYTES_OFFSET);
    frames.writeUInt32LE(crc32(frames.subarray(body, end)), start + BODY_CRC_OFFSET);
    frames.writeUInt32LE(headerCrc(frames, start), start + HEADER_CRC_OFFSET);
    start = end;
  }
}

/** Reads a header without checking it; the caller compares `headerCrc`. */
export function readFrameHeader(bytes: Buffer, start = 0): FrameHeader {
  return {
    version: bytes.readInt16LE(start + VERSION_OFFSET),
    kind: bytes.readUInt8(start + KIND_OFFSET),
    codec: bytes.readUInt8(start + CODEC_OFFSET),
    records: bytes.readUInt32LE(start + RECORD_COUNT_OFFSET),
    bodyBytes: bytes.readUInt32LE(start + BODY_BYTES_OFFSET),
    storedBytes: bytes.readUInt32LE(start + STORED_BYTES_OFFSET),
    bodyCrc: bytes.readUInt32LE(start + BODY_CRC_OFFSET),
    sequence: readUint64(bytes, start + SEQUENCE_OFFSET),
    earliestMicros: readInt64(bytes, start + EARLIEST_TIME_OFFSET),
    latestMicros: readInt64(bytes, start + LATEST_TIME_OFFSET),
    writer: bytes.toString('hex', start + WRITER_OFFSET, start + WRITER_OFFSET + WRITER_BYTES),
    flags: bytes.readUInt32LE(start + FLAGS_OFFSET),
  };
}

/** Computes the checksum of the header at `start`. */
export function headerCrc(bytes: Buffer, start = 0): number {
  return crc32(bytes.subarray(start, start + HEADER_CRC_OFFSET));
}
