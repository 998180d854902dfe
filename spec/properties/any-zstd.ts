import { expect } from 'chai';
import fc from 'fast-check';

import { readFileEnd } from '../../lib/codec/compression/members/file-end.js';
import { decodeMemberIndex } from '../../lib/codec/compression/members/member-index.js';
import { nullIfFaulty } from '../../lib/codec/compression/members/section.js';
import { nodeZstd } from '../../lib/codec/compression/zstd/node-zstd.js';
import { zstdFormat } from '../../lib/codec/compression/zstd/zstd-format.js';
import {
  isOurFrame,
  markFrame,
  readZstdBlock,
  readZstdFrame,
} from '../../lib/codec/compression/zstd/zstd-frame.js';
import { readZstdHead, zstdHeadBytes } from '../../lib/codec/compression/zstd/zstd-head.js';
import { encodeZstdEnd, encodeZstdIndex } from '../../lib/codec/compression/zstd/zstd-index.js';
import { DamageError } from '../../lib/errors/damage-error.js';
import type { NamedProperty } from './named-property.js';

const count = fc.oneof(fc.nat(300), fc.maxSafeNat());

interface Frame {
  readonly bytes: Buffer;
  readonly content: Buffer;
}

/** A frame of raw blocks and of blocks that repeat a byte, as any program may write it. */
const anyDataFrame = fc
  .record({
    blocks: fc.array(
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 900 })),
      { maxLength: 3 },
    ),
    isMarked: fc.boolean(),
  })
  .map(({ blocks, isMarked }): Frame => {
    const pieces = [...blocks, [Buffer.alloc(0), 0] as const].map(([bytes, times], i, all) => {
      const isRepeat = bytes.length === 1;
      const size = isRepeat ? times : bytes.length;
      const header = Buffer.alloc(3);
      const isLast = i === all.length - 1 ? 1 : 0;
      header.writeUIntLE(isLast | (isRepeat ? 2 : 0) | (size << 3), 0, 3);
      const content = isRepeat ? Buffer.alloc(size, bytes[0]) : Buffer.from(bytes);
      return { block: Buffer.concat([header, bytes]), content };
    });
    const content = Buffer.concat(pieces.map((piece) => piece.content));
    const magic = Buffer.from('28b52ffd0058', 'hex');
    const frame = Buffer.concat([magic, ...pieces.map(({ block }) => block)]);
    return { bytes: isMarked ? markFrame(frame, content.length) : frame, content };
  });

const anySkippable = fc
  .tuple(fc.nat(15), fc.uint8Array({ maxLength: 80 }))
  .map(([low, bytes]): Frame => {
    const header = Buffer.from([0x50 + low, 0x2a, 0x4d, 0x18, bytes.length, 0, 0, 0]);
    return { bytes: Buffer.concat([header, bytes]), content: Buffer.alloc(0) };
  });

/** An index frame with any contents. */
const anyIndex = fc
  .record({
    entries: fc.array(
      fc.record({
        ...{ memberBytes: count, rawBytes: count, records: count, sequence: count },
        ...{ earliestMicros: fc.maxSafeInteger(), latestMicros: fc.maxSafeInteger() },
        ...{ beginsWhole: fc.boolean(), isTimed: fc.boolean() },
      }),
      { maxLength: 3 },
    ),
    totals: fc.record({
      ...{ indexBytes: count, dataBytes: count, rawBytes: count, records: count },
      ...{ recordsAreExact: fc.boolean(), writer: fc.constantFrom(null, '0123456789abcdef') },
    }),
    isSized: fc.boolean(),
  })
  .map(({ entries, isSized, totals }): Frame => {
    const index = encodeZstdIndex(entries);
    const end = encodeZstdEnd(isSized ? { ...totals, indexBytes: index.length } : totals);
    return { bytes: Buffer.concat([index, end]), content: Buffer.alloc(0) };
  });

/** The sizes of the frames that a file begins with, as far as they are valid. */
function measure(file: Buffer): number[] {
  const sizes: number[] = [];
  for (let start = 0; start < file.length; ) {
    const bytes = file.subarray(start);
    const frame = nullIfFaulty((fail) => readZstdFrame(bytes, fail));
    if (frame === null || frame === undefined) break;
    let at = frame.headerBytes;
    if (frame.kind === 'skippable') at += frame.contentBytes;
    for (let isLast = frame.kind === 'skippable'; !isLast; ) {
      if (bytes.length < at + 3) return sizes;
      const block = nullIfFaulty((fail) => readZstdBlock(bytes.subarray(at), fail));
      if (block === null) return sizes;
      at += block.bytes;
      isLast = block.isLast;
    }
    if (frame.kind === 'data') at += frame.checksumBytes;
    sizes.push(at);
    start += at;
  }
  return sizes;
}

/** Reads the end and the index of a file, as a reader that seeks does. */
function seek(file: Buffer): void {
  const ends = { head: file.subarray(0, 64), tail: file.subarray(-56), fileBytes: file.length };
  const end = readFileEnd(zstdFormat, ends);
  if (end.kind !== 'seekable') return;
  expect(end.suffixBytes).to.be.at.most(file.length);
  const suffix = file.subarray(-end.suffixBytes);
  try {
    decodeMemberIndex(zstdFormat, { suffix, totals: end.totals, fileBytes: file.length });
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
  }
}

export const anyZstdIsRead: NamedProperty = {
  name: 'no zstd of any program costs a byte, and no damage of it crashes the code that reads it',
  property: fc.property(
    fc.array(fc.oneof(anyDataFrame, anySkippable, anyIndex), { minLength: 1, maxLength: 4 }),
    fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 }),
    (frames, changes) => {
      const file = Buffer.concat(frames.map(({ bytes }) => bytes));
      expect(measure(file)).to.deep.equal(frames.map(({ bytes }) => bytes.length));
      for (const { bytes, content } of frames) {
        const frame = readZstdFrame(bytes, expect.fail);
        if (frame !== undefined && isOurFrame(frame)) expect.fail('it has no checksum');
        if (frame?.kind !== 'data' || nodeZstd === null) continue;
        expect(nodeZstd.zstdDecompressSync(bytes).equals(content)).to.equal(true);
      }
      seek(file);
      const damaged = Buffer.from(file);
      for (const [at, value] of changes) if (at < damaged.length) damaged.writeUInt8(value, at);
      measure(damaged);
      seek(damaged);
      expect(zstdHeadBytes(damaged, 512)).to.be.at.most(140 * 1024);
      if (nodeZstd !== null) expect(readZstdHead(damaged, 512).length).to.be.at.most(512);
    },
  ),
};
