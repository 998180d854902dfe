import { expect } from 'chai';

import { nodeZstd } from '../../../../lib/codec/compression/zstd/node-zstd.js';
import { readZstdHead, zstdHeadBytes } from '../../../../lib/codec/compression/zstd/zstd-head.js';
import { flipBit } from '../../../support/damaged-archive.js';
import { compressZstd, needsZstd } from '../../../support/zstd-tools.js';

/** 300 KB that compress to a first block of some KiB. */
const TEXT = Buffer.from(
  Array.from({ length: 40_000 }, (_, n) => `${(n * 7919) % 10_007},`).join(''),
);

describe('zstdHeadBytes', () => {
  it('is the end of the first block that holds enough, as far as the head shows', async function () {
    needsZstd(this);
    const zstd = await compressZstd(TEXT);
    const needed = zstdHeadBytes(zstd.subarray(0, 100), 512);
    expect(needed).to.be.within(4096, 131_072 + 16);
    expect(zstdHeadBytes(zstd.subarray(0, needed), 512)).to.equal(needed);
    expect(readZstdHead(zstd.subarray(0, needed), 512)).to.deep.equal(TEXT.subarray(0, 512));
    expect(readZstdHead(zstd.subarray(0, needed - 1), 512)).to.have.length(0);
  });

  it('never exceeds 140 KiB, whatever the head claims', () => {
    for (const hex of ['502a4d18ffffffff', '502a4d1800000000'.repeat(3), '28b52ffd0058']) {
      expect(zstdHeadBytes(Buffer.from(hex, 'hex'), 512)).to.be.at.most(140 * 1024);
    }
  });
});

describe('readZstdHead', () => {
  it('passes over skippable frames', async function () {
    needsZstd(this);
    const skippable = Buffer.from('502a4d1803000000aabbcc', 'hex');
    const zstd = Buffer.concat([skippable, skippable, await compressZstd(Buffer.from('{"a":1}'))]);
    expect(readZstdHead(zstd, 512).toString()).to.equal('{"a":1}');
  });

  it('continues in the next frame after small and empty ones', async function () {
    needsZstd(this);
    const small = await Promise.all(
      ['', '{"a":', '1}'].map((text) => compressZstd(Buffer.from(text))),
    );
    expect(readZstdHead(Buffer.concat(small), 512).toString()).to.equal('{"a":1}');
    expect(readZstdHead(Buffer.concat(small), 6).toString()).to.equal('{"a":1');
  });

  it('returns at most `count` bytes, and none of what is no zstd', async function () {
    needsZstd(this);
    expect(readZstdHead(await compressZstd(TEXT), 5)).to.have.length(5);
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(64), Buffer.from('28b52ffd', 'hex')]) {
      expect(readZstdHead(bytes, 5)).to.have.length(0);
    }
  });

  it('does not throw, whatever bit is flipped', async function () {
    needsZstd(this);
    const zstd = await compressZstd(Buffer.from('{"a":1}\n'.repeat(20)));
    for (let bit = 0; bit < 8 * zstd.length; bit++) {
      expect(readZstdHead(flipBit(zstd, bit), 8).length).to.be.at.most(8);
    }
  });

  it('takes little memory, however much a head decompresses to', function () {
    needsZstd(this);
    // A thousand blocks of 128 KiB that repeat a zero.
    const blocks = Buffer.alloc(4 * 1000, Buffer.from('02001000', 'hex'));
    const bomb = Buffer.concat([Buffer.from('28b52ffd0058', 'hex'), blocks]);
    expect(zstdHeadBytes(bomb, 512)).to.equal(6 + 4);
    expect(readZstdHead(bomb, 512)).to.deep.equal(Buffer.alloc(512));
    expect(nodeZstd).to.not.equal(null);
  });
});
