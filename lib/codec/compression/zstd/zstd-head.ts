import { BLOCK_HEADER_BYTES, LARGEST_ZSTD_BLOCK_BYTES } from '../../../format/seekable-zstd.js';
import { nullIfFaulty } from '../members/section.js';
import { requireZstd, ZSTD_CONTINUE } from './node-zstd.js';
import { readZstdBlock, readZstdFrame } from './zstd-frame.js';

/** More of a head is not read: 12 KiB of skippable frames, and a first block. */
const LARGEST_HEAD_BYTES = 12 * 2 ** 10 + LARGEST_ZSTD_BLOCK_BYTES;

/**
 * How many of the first bytes of a file hold the blocks that decompress to its first `count` bytes,
 * as far as `head` shows. Zstd decompresses only whole blocks.
 */
export function zstdHeadBytes(head: Buffer, count: number): number {
  return Math.min(measure(head, count).end, LARGEST_HEAD_BYTES);
}

/**
 * Decompresses the first `count` bytes of a file, synchronously. Returns fewer if `head` has fewer
 * than `zstdHeadBytes` or is damaged.
 */
export function readZstdHead(head: Buffer, count: number): Buffer {
  const zstd = requireZstd('read a zstd archive');
  const { begin, end } = measure(head, count);
  const blocks = head.subarray(begin, end);
  try {
    return zstd.zstdDecompressSync(blocks, { finishFlush: ZSTD_CONTINUE }).subarray(0, count);
  } catch {
    // The reader of the whole archive reports this damage with its offset.
    return Buffer.alloc(0);
  }
}

/** Where the first data frame begins, and where those of its blocks end that are needed. */
function measure(head: Buffer, count: number): { readonly begin: number; readonly end: number } {
  for (let begin = 0; ; ) {
    const frame = nullIfFaulty((fail) => readZstdFrame(head.subarray(begin), fail));
    if (frame === null) return { begin, end: begin };
    if (frame === undefined) return { begin, end: begin + MOST_HEADER_BYTES };
    if (frame.kind === 'data') {
      return { begin, end: endOfBlocks(head, begin + frame.headerBytes, count) };
    }
    begin += frame.headerBytes + frame.contentBytes;
  }
}

/** The longest header of a frame: magic, descriptor, window, dictionary, content size. */
const MOST_HEADER_BYTES = 4 + 1 + 1 + 4 + 8;

/** @param start where the first block begins */
function endOfBlocks(head: Buffer, start: number, count: number): number {
  let at = start;
  for (let raw = 0; raw < count; ) {
    if (head.length < at + BLOCK_HEADER_BYTES) return at + BLOCK_HEADER_BYTES;
    const block = nullIfFaulty((fail) => readZstdBlock(head.subarray(at), fail));
    if (block === null) break;
    at += block.bytes;
    raw += block.leastRawBytes;
    if (block.isLast) break;
  }
  return at;
}
