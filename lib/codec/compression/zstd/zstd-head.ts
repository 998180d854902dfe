import { BLOCK_HEADER_BYTES, LARGEST_ZSTD_BLOCK_BYTES } from '../../../format/seekable-zstd.js';
import { nullIfFaulty } from '../members/section.js';
import { requireZstd, ZSTD_CONTINUE } from './node-zstd.js';
import { readZstdBlock, readZstdFrame } from './zstd-frame.js';

/** More of a head is not read: 12 KiB of skippable and small frames, and a first block. */
const LARGEST_HEAD_BYTES = 12 * 2 ** 10 + LARGEST_ZSTD_BLOCK_BYTES;

/** How many data frames of a head are decompressed: the first ones may be empty. */
const MOST_FRAMES = 16;

/**
 * How many of the first bytes of a file hold the blocks that decompress to its first `count` bytes,
 * as far as `head` shows. Zstd decompresses only whole blocks.
 */
export function zstdHeadBytes(head: Buffer, count: number): number {
  let needed = 0;
  for (const { end } of stretchesOf(head, count)) needed = end;
  return Math.min(needed, LARGEST_HEAD_BYTES);
}

/**
 * Decompresses the first `count` bytes of a file, synchronously. Returns fewer if `head` has fewer
 * than `zstdHeadBytes` or is damaged.
 */
export function readZstdHead(head: Buffer, count: number): Buffer {
  const zstd = requireZstd('read a zstd archive');
  const pieces: Buffer[] = [];
  try {
    for (const { begin, end } of stretchesOf(head, count)) {
      const blocks = head.subarray(begin, end);
      pieces.push(zstd.zstdDecompressSync(blocks, { finishFlush: ZSTD_CONTINUE }));
    }
  } catch {
    // The reader of the whole archive reports this damage with its offset.
  }
  return Buffer.concat(pieces).subarray(0, count);
}

/** The blocks of a data frame that are needed, with its header. */
interface Stretch {
  readonly begin: number;
  /** May be beyond the end of the head. */
  readonly end: number;
}

/** The longest header of a frame: magic, descriptor, window, dictionary, content size. */
const MOST_HEADER_BYTES = 4 + 1 + 1 + 4 + 8;

function* stretchesOf(head: Buffer, count: number): Generator<Stretch> {
  let raw = 0;
  let frames = 0;
  for (let begin = 0; raw < count && frames < MOST_FRAMES; ) {
    const frame = nullIfFaulty((fail) => readZstdFrame(head.subarray(begin), fail));
    if (frame === null) return;
    if (frame === undefined) {
      yield { begin, end: begin + MOST_HEADER_BYTES };
      return;
    }
    let end = begin + frame.headerBytes;
    if (frame.kind === 'skippable') {
      begin = end + frame.contentBytes;
      continue;
    }
    let isLast = false;
    while (!isLast && raw < count) {
      const block = readBlock(head, end);
      end += block?.bytes ?? BLOCK_HEADER_BYTES;
      if (block === undefined) break;
      raw += block.leastRawBytes;
      isLast = block.isLast;
    }
    if (isLast) end += frame.checksumBytes;
    yield { begin, end };
    if (!isLast) return;
    frames++;
    begin = end;
  }
}

/** Undefined if the head ends before it, or if it is damaged. */
function readBlock(head: Buffer, at: number) {
  if (head.length < at + BLOCK_HEADER_BYTES) return undefined;
  return nullIfFaulty((fail) => readZstdBlock(head.subarray(at), fail)) ?? undefined;
}
