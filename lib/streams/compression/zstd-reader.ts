import { nullIfFaulty } from '../../codec/compression/members/section.js';
import { requireZstd } from '../../codec/compression/zstd/node-zstd.js';
import { zstdFormat } from '../../codec/compression/zstd/zstd-format.js';
import {
  type DataFrame,
  isOurFrame,
  readZstdBlock,
  readZstdFrame,
  type SkippableFrame,
  type ZstdFrame,
} from '../../codec/compression/zstd/zstd-frame.js';
import {
  INDEX_START_BYTES,
  isIndexFrame,
  isZstdEnd,
} from '../../codec/compression/zstd/zstd-index.js';
import { isError } from '../../errors/is-error.js';
import {
  BLOCK_HEADER_BYTES,
  LARGEST_ZSTD_BLOCK_BYTES,
  MAX_ZSTD_INDEX_BYTES,
  MIN_ZSTD_INDEX_BYTES,
  ZSTD_END_BYTES,
} from '../../format/seekable-zstd.js';
import { hasAhead, LARGEST_MEMBER_AHEAD } from './decompress-ahead.js';
import type { MemberContext, MemberReader, PendingMember } from './member-reader.js';
import type { PulledBytes } from './pulled-bytes.js';
import { SteppedTransform } from './stepped-transform.js';

/**
 * Reads frames of zstd (RFC 8878), of any program. Ahead it reads frames that state a content size
 * of at most 8 MiB. It finds the end of each frame by the headers of its blocks, because Node's
 * decompressor ignores whatever follows a frame.
 */
export const zstdReader: MemberReader = {
  format: zstdFormat,
  checkSupport: (archive) => void requireZstd(`read ${archive ?? 'a zstd archive'}`),
  takeMember,
  hasMember: (input) => input.has(1),
  readMember,
  // Nothing but frames may follow a frame, so `hasMember` is false only at the end.
  takePadding: async () => 0,
  isBadData: (error): error is Error =>
    isError(error) && 'code' in error && String(error.code).startsWith('ZSTD_error_'),
};

/** The longest header of a frame. */
const MOST_HEADER_BYTES = 18;

/** Without spare room after the last byte, Node would allocate a second buffer of the same size. */
const SPARE_BYTES = 64;

async function takeMember(input: PulledBytes): Promise<PendingMember | null> {
  await hasAhead(input, MOST_HEADER_BYTES);
  // `readMember` reports damage.
  const frame = nullIfFaulty((fail) => readZstdFrame(headOf(input), fail));
  if (!frame || !isOurFrame(frame) || frame.contentBytes > LARGEST_MEMBER_AHEAD) return null;
  const frameBytes = await measureFrame(input, frame);
  if (frameBytes === null) return null;
  const bytes = input.queue.take(frameBytes);
  return { bytes, raw: decompressFrame(bytes, frame.contentBytes) };
}

function headOf(input: PulledBytes): Buffer {
  return input.queue.peek(Math.min(input.queue.length, MOST_HEADER_BYTES));
}

/** The size of the frame that is next in the input; null if it is large, torn or damaged. */
async function measureFrame(input: PulledBytes, frame: DataFrame): Promise<number | null> {
  let at = frame.headerBytes;
  for (let isLast = false; !isLast; ) {
    if (at > LARGEST_MEMBER_AHEAD || !(await hasAhead(input, at + BLOCK_HEADER_BYTES))) return null;
    const header = input.queue.peek(BLOCK_HEADER_BYTES, at);
    const block = nullIfFaulty((fail) => readZstdBlock(header, fail));
    if (block === null) return null;
    at += block.bytes;
    isLast = block.isLast;
  }
  at += frame.checksumBytes;
  return (await hasAhead(input, at)) ? at : null;
}

function decompressFrame(frame: Buffer, rawBytes: number): Promise<Buffer | null> {
  const room = { chunkSize: rawBytes + SPARE_BYTES, maxOutputLength: rawBytes + SPARE_BYTES };
  const zstd = requireZstd('read a zstd archive');
  return new Promise((resolve) => {
    zstd.zstdDecompress(frame, room, (error, bytes) => {
      resolve(error === null && bytes.length === rawBytes ? bytes : null);
    });
  });
}

async function* readMember(input: PulledBytes, context: MemberContext): AsyncGenerator<Buffer> {
  const frame = await peekFrame(input, context);
  if (frame.kind === 'data') yield* readData(input, frame, context);
  else await passSkippable(input, frame, context);
}

async function peekFrame(input: PulledBytes, context: MemberContext): Promise<ZstdFrame> {
  for (;;) {
    const frame = readZstdFrame(headOf(input), context.fail);
    if (frame !== undefined) return frame;
    if (!(await input.pull())) context.failTorn();
  }
}

async function* readData(
  input: PulledBytes,
  frame: DataFrame,
  context: MemberContext,
): AsyncGenerator<Buffer> {
  const { fail, suffix } = context;
  const zstd = requireZstd('read a zstd archive');
  const stream = new SteppedTransform(
    zstd.createZstdDecompress({ chunkSize: LARGEST_ZSTD_BLOCK_BYTES }),
  );
  const most = frame.contentBytes ?? Number.POSITIVE_INFINITY;
  let given = 0;
  try {
    for await (const bytes of piecesOf(input, frame, context)) {
      for await (const piece of stream.push(bytes)) {
        given += piece.length;
        if (given > most) fail(`a zstd frame of ${most} bytes`, 'a longer one');
        yield piece;
      }
    }
  } finally {
    stream.close();
  }
  suffix.addData(isOurFrame(frame) ? 'data' : 'other', given);
}

/**
 * Takes a frame piece by piece: the header, each block, the checksum. Several blocks in one piece
 * would save trips to the thread, but damage in one of them would cost what the others hold.
 */
async function* piecesOf(
  input: PulledBytes,
  frame: DataFrame,
  { fail, failTorn }: MemberContext,
): AsyncGenerator<Buffer> {
  const { queue } = input;
  const take = async (count: number) => {
    if (!(await input.has(count))) failTorn();
    return queue.take(count);
  };
  yield await take(frame.headerBytes);
  for (let isLast = false; !isLast; ) {
    if (!(await input.has(BLOCK_HEADER_BYTES))) failTorn();
    const block = readZstdBlock(queue.peek(BLOCK_HEADER_BYTES), fail);
    yield await take(block.bytes);
    isLast = block.isLast;
  }
  if (frame.checksumBytes > 0) yield await take(frame.checksumBytes);
}

/** Takes a skippable frame: our index, or anything of another program. */
async function passSkippable(
  input: PulledBytes,
  { contentBytes, headerBytes }: SkippableFrame,
  { failTorn, suffix }: MemberContext,
): Promise<void> {
  const { queue } = input;
  const frameBytes = headerBytes + contentBytes;
  const indexBytes = frameBytes - ZSTD_END_BYTES;
  const isIndex =
    (await input.has(INDEX_START_BYTES)) && isIndexFrame(queue.peek(INDEX_START_BYTES));
  if (isIndex && indexBytes >= MIN_ZSTD_INDEX_BYTES && indexBytes <= MAX_ZSTD_INDEX_BYTES) {
    if (!(await input.has(frameBytes))) failTorn();
    suffix.addIndex(queue.take(indexBytes), MAX_ZSTD_INDEX_BYTES);
    const end = queue.take(ZSTD_END_BYTES);
    if (isZstdEnd(end)) suffix.addEnd(end, queue.offset);
    else suffix.addDamaged('end', queue.offset, 'the end of an index', 'other bytes');
    return;
  }
  await skip(input, frameBytes, failTorn);
  if (!isIndex) suffix.addData('other', 0);
  else suffix.addDamaged('end', queue.offset, 'an index of a size in its limits', `${indexBytes}`);
}

/** Skips bytes without keeping them: a frame may claim 4 GiB. */
async function skip(input: PulledBytes, count: number, failTorn: () => never): Promise<void> {
  for (let left = count; left > 0; ) {
    if (!(await input.has(1))) failTorn();
    const skipped = Math.min(left, input.queue.length);
    input.queue.skip(skipped);
    left -= skipped;
  }
}
