import { expect } from 'chai';
import fc from 'fast-check';

import { nodeZstd } from '../../../lib/codec/compression/zstd/node-zstd.js';
import { markFrame } from '../../../lib/codec/compression/zstd/zstd-frame.js';
import { ArchiveError } from '../../../lib/errors/archive-error.js';
import { decompress } from '../../../lib/streams/compression/decompress.js';
import {
  decompressAhead,
  MOST_MEMBERS,
} from '../../../lib/streams/compression/decompress-ahead.js';
import { PulledBytes } from '../../../lib/streams/compression/pulled-bytes.js';
import { zstdReader } from '../../../lib/streams/compression/zstd-reader.js';
import { flipBit } from '../../support/damaged-archive.js';
import { cut, damageOf } from '../../support/decode-archive.js';
import { sampleBlocks } from '../../support/gzip-tools.js';
import { commandOutput, compressZstd, framesOf, needsZstd } from '../../support/zstd-tools.js';
import { drain, iterate } from '../stream-tools.js';

const ARCHIVE = sampleBlocks();
/** An empty frame of another program: frames after it are streamed, not read ahead. */
const FOREIGN = Buffer.from('28b52ffd0058010000', 'hex');

async function read(bytes: Buffer, size = 1000, extent: 'whole' | 'part' = 'whole') {
  const chunks = iterate(cut(bytes, size));
  const { given, error } = await drain(decompress(zstdReader, chunks, 'a.zst', extent));
  return { raw: Buffer.concat(given), error, pieces: given.length };
}

/** A frame of one block; `type` 0: these bytes; 1: one byte, so many times. */
function frameOf(type: 0 | 1, content: Buffer, size = content.length, descriptor = '0058'): Buffer {
  const block = Buffer.alloc(3);
  block.writeUIntLE(1 | (type << 1) | (size << 3), 0, 3);
  return Buffer.concat([Buffer.from(`28b52ffd${descriptor}`, 'hex'), block, content]);
}

describe('decompress, of zstd', () => {
  let zstd: Buffer;

  before(async () => {
    if (nodeZstd !== null) zstd = await compressZstd(ARCHIVE, { memberBytes: 4096 });
  });

  it('names zstd and Node 22.15 where Node has no zstd', async () => {
    const { error } = await read(FOREIGN);
    if (nodeZstd !== null) expect(error).to.equal(undefined);
    else {
      expect(error).to.be.instanceOf(ArchiveError).with.property('code', 'ERR_NO_ZSTD');
      expect(error)
        .to.have.property('message')
        .that.matches(/^cannot read a\.zst: zstd needs Node 22\.15/);
    }
  });

  it('decompresses every frame, from chunks of any size', async function () {
    needsZstd(this);
    expect(framesOf(zstd)).to.have.length.above(MOST_MEMBERS + 2);
    for (const size of [1, 7, 1000, zstd.length]) {
      const { error, raw } = await read(zstd, size);
      expect([error, raw.equals(ARCHIVE)]).to.deep.equal([undefined, true]);
    }
  });

  it('gives the data frames ahead, and leaves the index', async function () {
    needsZstd(this);
    const input = new PulledBytes(iterate(cut(zstd, 1000)));
    const { given } = await drain(decompressAhead(input, zstdReader));
    const frames = framesOf(zstd);
    expect(given).to.have.length(frames.length - 1);
    while (await input.pull());
    expect(input.takeAll()).to.deep.equal(frames.at(-1)?.bytes);
  });

  it('decompresses what the zstd command makes', async function () {
    needsZstd(this);
    const lines = ARCHIVE.toString('latin1').repeat(20);
    const text = Buffer.from(lines, 'latin1');
    const ways = [
      ['-c'],
      ['-c', '--no-check'],
      ['-c', '-19'],
      ['-c', '--fast=5'],
      ['-c', '-B4096'],
    ];
    for (const args of ways) {
      // The command reads a pipe, so its frame states no size.
      const frame = commandOutput(this, text, args);
      const skippable = Buffer.from('5e2a4d1805000000ffffffffff', 'hex');
      for (const bytes of [frame, Buffer.concat([skippable, frame, skippable, frame, frame])]) {
        const { error, raw } = await read(bytes, 65_536);
        expect(error, args.join(' ')).to.equal(undefined);
        const times = bytes === frame ? 1 : 3;
        expect(raw.equals(Buffer.concat(Array.from({ length: times }, () => text)))).to.equal(true);
      }
    }
  });

  it('refuses a window of more than 8 MiB, whichever program made it', async function () {
    needsZstd(this);
    const large = Buffer.alloc(9 * 2 ** 20, 'x');
    const long = commandOutput(this, large, ['-c', '--long=27', '--stream-size=9437184']);
    const { error, raw } = await read(long);
    expect(raw).to.have.length(0);
    expect(damageOf(error)).to.include({ reason: 'bad-zstd', what: 'zstd', offset: 0 });
    expect(damageOf(error).expected).to.equal('a zstd window of at most 8388608 bytes');
  });

  it('gives the same for damage anywhere, ahead and streamed', async function () {
    needsZstd(this);
    for (let at = 0; at < zstd.length; at += 997) {
      const damaged = flipBit(zstd, 8 * at + (at % 8));
      const ahead = await read(damaged);
      const streamed = await read(Buffer.concat([FOREIGN, damaged]));
      expect(ahead.raw.equals(streamed.raw), `byte ${at}`).to.equal(true);
      if (streamed.error === undefined) continue;
      const { offset, reason } = damageOf(streamed.error);
      expect(damageOf(ahead.error)).to.include({ offset, reason });
    }
  });

  it('gives all whole blocks before damage in a large frame', async function () {
    needsZstd(this);
    const numbers = Array.from({ length: 45_000 }, (_, n) => Math.imul(n, 2_654_435_761) >>> 0);
    const text = Buffer.from(numbers.join());
    const one = await compressZstd(text, { memberBytes: '16 MiB' });
    const damaged = flipBit(one, 8 * Math.round(one.length * 0.95));
    const { error, raw } = await read(damaged);
    expect(damageOf(error).reason).to.equal('bad-zstd');
    // The damage is in the fourth block of 128 KiB.
    const good = 3 * 2 ** 17;
    expect(raw.length).to.be.within(good, text.length);
    expect(raw.subarray(0, good).equals(text.subarray(0, good))).to.equal(true);
  });

  it('reports a file that was cut off at any byte', async function () {
    needsZstd(this);
    const small = await compressZstd(Buffer.from('{"a":1}\n2\n'.repeat(600)), {
      memberBytes: 1024,
    });
    const ends = framesOf(small).map(({ offset }) => offset);
    for (let length = 0; length < small.length; length++) {
      const { error } = await read(small.subarray(0, length));
      const { what, reason } = damageOf(error);
      const expected = ends.includes(length) && length > 0 ? 'bad-zstd' : 'torn';
      expect({ what, reason }, `${length} bytes`).to.deep.equal({ what: 'zstd', reason: expected });
    }
    const part = await read(small.subarray(0, ends.at(-1)), 1000, 'part');
    expect(part.error).to.equal(undefined);
  });

  it('reports damage of the index after all bytes', async function () {
    needsZstd(this);
    const start = framesOf(zstd).at(-1)?.offset ?? 0;
    for (let bit = 8 * (start + 8); bit < 8 * zstd.length; bit += 101) {
      const { error, raw } = await read(flipBit(zstd, bit), 65_536);
      expect(raw.equals(ARCHIVE)).to.equal(true);
      expect(damageOf(error), `bit ${bit}`).to.include({ reason: 'bad-zstd' });
    }
  });

  it('reports what follows the index of a file of ours, and bytes that are no frame', async function () {
    needsZstd(this);
    for (const after of [Buffer.alloc(1), Buffer.from('x'), FOREIGN, Buffer.alloc(100)]) {
      const { error, raw } = await read(Buffer.concat([zstd, after]));
      expect(raw.equals(ARCHIVE)).to.equal(true);
      expect(damageOf(error).reason).to.equal('bad-zstd');
    }
    const both = await read(Buffer.concat([zstd, zstd]));
    expect(both.error).to.equal(undefined);
    expect(both.raw.equals(Buffer.concat([ARCHIVE, ARCHIVE]))).to.equal(true);
  });

  it('ends a frame that holds more than it states', async function () {
    needsZstd(this);
    const marked = markFrame(frameOf(1, Buffer.of(0), 100_000), 50);
    const { error, raw } = await read(marked);
    expect(raw.length).to.be.at.most(50);
    expect(damageOf(error).reason).to.equal('bad-zstd');
  });

  it('reads frames that expand a lot piece by piece, at the pace of the reader', async function () {
    needsZstd(this);
    // 2,000 blocks of 128 KiB: 250 MiB in 8 KB.
    const block = Buffer.from('0200100000'.slice(0, 8), 'hex');
    const bomb = Buffer.concat([Buffer.from('28b52ffd0058', 'hex'), Buffer.alloc(4 * 2000, block)]);
    let given = 0;
    let largest = 0;
    for await (const piece of decompress(zstdReader, iterate([bomb]), 'a', 'part')) {
      given += piece.length;
      largest = Math.max(largest, piece.length);
      if (given > 2 ** 24) break;
    }
    expect(largest).to.be.at.most(2 ** 17);
  });

  it('reads or refuses any frames', async function () {
    needsZstd(this);
    const anyFrame = fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => frameOf(0, Buffer.from(bytes))),
      fc.nat(300).map((size) => frameOf(1, Buffer.of(7), size)),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => {
        const skippable = Buffer.from('5b2a4d1800000000', 'hex');
        skippable.writeUInt32LE(bytes.length, 4);
        return Buffer.concat([skippable, bytes]);
      }),
    );
    const anyFile = fc.tuple(fc.array(anyFrame, { maxLength: 4 }), fc.nat(400), fc.boolean());
    await fc.assert(
      fc.asyncProperty(anyFile, async ([frames, bit, isDamaged]) => {
        const file = Buffer.concat(frames);
        const isFlipped = isDamaged && bit < 8 * file.length;
        const { error } = await read(isFlipped ? flipBit(file, bit) : file, 5);
        if (error !== undefined) damageOf(error);
        if (!isFlipped && frames.length > 0) expect(error).to.equal(undefined);
      }),
      { numRuns: 60 },
    );
  });

  it('gives all frames before its source fails, then throws the error of the source', async function () {
    needsZstd(this);
    const failure = new Error('of the source');
    const half = zstd.subarray(0, Math.round(zstd.length / 2));
    const { given, error } = await drain(decompress(zstdReader, iterate([half], failure)));
    expect(error).to.equal(failure);
    expect(Buffer.concat(given).length).to.be.above(ARCHIVE.length / 3);
  });
});
