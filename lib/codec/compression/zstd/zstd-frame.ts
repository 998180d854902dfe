import {
  BLOCK_HEADER_BYTES,
  CONTENT_CHECKSUM_BYTES,
  CONTENT_SIZE_BYTES,
  FRAME_MAGIC,
  FRAME_MAGIC_BYTES,
  LARGEST_WINDOW_BYTES,
  LARGEST_ZSTD_BLOCK_BYTES,
  MOST_CONTENT_BYTES,
  SKIPPABLE_HEADER_BYTES,
  SKIPPABLE_MAGIC,
  SKIPPABLE_SIZE_OFFSET,
} from '../../../format/seekable-zstd.js';
import { readUint64, writeInt64 } from '../../bytes/int64.js';
import type { Fail } from '../members/section.js';

/** The beginning of a frame of any program (RFC 8878, section 3.1). */
export type ZstdFrame = DataFrame | SkippableFrame;

export interface DataFrame {
  readonly kind: 'data';
  readonly headerBytes: number;
  /** The uncompressed size, if the frame states it. */
  readonly contentBytes: number | undefined;
  /** The size of the field that states it. */
  readonly contentSizeBytes: number;
  /** The size of the checksum after the last block. */
  readonly checksumBytes: number;
}

export interface SkippableFrame {
  readonly kind: 'skippable';
  readonly headerBytes: number;
  /** The size of what follows the header. */
  readonly contentBytes: number;
}

const DESCRIPTOR_OFFSET = FRAME_MAGIC_BYTES;
const IS_SINGLE_SEGMENT = 0x20;
const RESERVED_BIT = 0x08;
const HAS_CHECKSUM = 0x04;
/** Sizes of the dictionary's id and of the content size, by the flags of the descriptor. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_FIELD_BYTES = [0, 2, 4, 8];
const CONTENT_SIZE_SHIFT = 6;
/** A content size of two bytes counts from here. */
const TWO_BYTES_BASE = 256;

const SHOWN_BYTES = 4;

/** Whether bytes begin with the magic number of a zstd frame, skippable ones included. */
export function isZstd(bytes: Uint8Array): boolean {
  return bytes.length >= FRAME_MAGIC_BYTES && (beginsData(bytes) || beginsSkippable(bytes));
}

/**
 * Reads the header of a frame; undefined if `bytes` end within it.
 *
 * @param bytes start with the frame
 * @throws whatever `fail` throws: also for a window of more than 8 MiB, and for a frame that needs
 *   a dictionary
 */
export function readZstdFrame(bytes: Buffer, fail: Fail): ZstdFrame | undefined {
  const isSkippable = beginsSkippable(bytes);
  if (!isSkippable && !beginsData(bytes)) {
    fail('a zstd frame', `0x${bytes.toString('hex', 0, SHOWN_BYTES)}`);
  }
  if (bytes.length < FRAME_MAGIC_BYTES) return undefined;
  if (isSkippable) {
    if (bytes.length < SKIPPABLE_HEADER_BYTES) return undefined;
    const contentBytes = bytes.readUInt32LE(SKIPPABLE_SIZE_OFFSET);
    return { kind: 'skippable', headerBytes: SKIPPABLE_HEADER_BYTES, contentBytes };
  }
  return readDataFrame(bytes, fail);
}

function readDataFrame(bytes: Buffer, fail: Fail): DataFrame | undefined {
  const descriptor = bytes[DESCRIPTOR_OFFSET];
  if (descriptor === undefined) return undefined;
  if ((descriptor & RESERVED_BIT) !== 0)
    fail('a zstd frame of today', 'a reserved bit that is set');
  const isSingle = (descriptor & IS_SINGLE_SEGMENT) !== 0;
  const windowAt = DESCRIPTOR_OFFSET + 1;
  const dictionaryAt = windowAt + (isSingle ? 0 : 1);
  const contentSizeAt = dictionaryAt + (DICTIONARY_ID_BYTES[descriptor & 3] ?? 0);
  const sizeFlag = descriptor >> CONTENT_SIZE_SHIFT;
  const contentSizeBytes =
    sizeFlag === 0 && isSingle ? 1 : (CONTENT_SIZE_FIELD_BYTES[sizeFlag] ?? 0);
  const headerBytes = contentSizeAt + contentSizeBytes;
  if (bytes.length < headerBytes) return undefined;

  const dictionary = bytes.subarray(dictionaryAt, contentSizeAt);
  if (dictionary.some((byte) => byte !== 0)) {
    fail('a zstd frame without a dictionary', `one with 0x${dictionary.toString('hex')}`);
  }
  const contentBytes = readContentSize(bytes.subarray(contentSizeAt, headerBytes));
  if (Number.isNaN(contentBytes)) fail('a content size within 53 bits', 'a larger one');
  const windowBytes = isSingle ? (contentBytes ?? 0) : readWindow(bytes.readUInt8(windowAt));
  if (windowBytes > LARGEST_WINDOW_BYTES) {
    fail(`a zstd window of at most ${LARGEST_WINDOW_BYTES} bytes`, `${windowBytes}`);
  }
  const checksumBytes = (descriptor & HAS_CHECKSUM) === 0 ? 0 : CONTENT_CHECKSUM_BYTES;
  return { kind: 'data', headerBytes, contentBytes, contentSizeBytes, checksumBytes };
}

/** RFC 8878, section 3.1.1.1.4 */
function readContentSize(field: Buffer): number | undefined {
  if (field.length === 0) return undefined;
  if (field.length === CONTENT_SIZE_BYTES) return readUint64(field, 0);
  const value = field.readUIntLE(0, field.length);
  return field.length === 2 ? value + TWO_BYTES_BASE : value;
}

/** RFC 8878, section 3.1.1.1.2 */
function readWindow(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** A block of a frame (RFC 8878, section 3.1.1.2). */
export interface ZstdBlock {
  readonly isLast: boolean;
  /** Its size in the frame, including its header. */
  readonly bytes: number;
  /** The fewest bytes that it decompresses to: compressed blocks are smaller than their content. */
  readonly leastRawBytes: number;
}

const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/**
 * Reads the header of a block.
 *
 * @param header 3 bytes
 */
export function readZstdBlock(header: Buffer, fail: Fail): ZstdBlock {
  const value = header.readUIntLE(0, BLOCK_HEADER_BYTES);
  const type = (value >> 1) & 3;
  const size = value >> 3;
  if (type === RESERVED_BLOCK) fail('a zstd block', 'one of a reserved type');
  if (size > LARGEST_ZSTD_BLOCK_BYTES) {
    fail(`a zstd block of at most ${LARGEST_ZSTD_BLOCK_BYTES} bytes`, `${size}`);
  }
  return {
    isLast: (value & 1) === 1,
    bytes: BLOCK_HEADER_BYTES + (type === RLE_BLOCK ? 1 : size),
    leastRawBytes: size,
  };
}

/** Whether a frame is a data frame of ours, which no other program writes so. */
export function isOurFrame(frame: ZstdFrame): frame is DataFrame & { contentBytes: number } {
  if (frame.kind !== 'data' || frame.contentSizeBytes !== CONTENT_SIZE_BYTES) return false;
  const { checksumBytes, contentBytes } = frame;
  return checksumBytes > 0 && contentBytes !== undefined && contentBytes <= MOST_CONTENT_BYTES;
}

/**
 * A frame that states its content size in 8 bytes, so that readers know it as ours.
 *
 * @param frame a frame of any program, or its beginning with all of its header, without the id of a
 *   dictionary
 */
export function markFrame(frame: Buffer, contentBytes: number): Buffer {
  const descriptor = frame.readUInt8(DESCRIPTOR_OFFSET);
  const isSingle = (descriptor & IS_SINGLE_SEGMENT) !== 0;
  const contentSizeAt = DESCRIPTOR_OFFSET + (isSingle ? 1 : 2);
  const sizeFlag = descriptor >> CONTENT_SIZE_SHIFT;
  const sizeBytes = sizeFlag === 0 && isSingle ? 1 : (CONTENT_SIZE_FIELD_BYTES[sizeFlag] ?? 0);
  const marked = Buffer.allocUnsafe(frame.length + CONTENT_SIZE_BYTES - sizeBytes);
  frame.copy(marked, 0, 0, contentSizeAt);
  marked[DESCRIPTOR_OFFSET] = descriptor | (3 << CONTENT_SIZE_SHIFT);
  writeInt64(marked, contentSizeAt, contentBytes);
  frame.copy(marked, contentSizeAt + CONTENT_SIZE_BYTES, contentSizeAt + sizeBytes);
  return marked;
}

/** Whether bytes are a magic number, or the start of one. */
function beginsMagic(bytes: Uint8Array, magic: readonly number[], firstMask: number): boolean {
  return magic.every((expected, i) => {
    const byte = bytes[i];
    return byte === undefined || (i === 0 ? byte & firstMask : byte) === expected;
  });
}

const beginsData = (bytes: Uint8Array) => beginsMagic(bytes, FRAME_MAGIC, 0xff);
const beginsSkippable = (bytes: Uint8Array) => beginsMagic(bytes, SKIPPABLE_MAGIC, 0xf0);
