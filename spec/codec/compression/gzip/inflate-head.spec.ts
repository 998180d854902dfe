import { deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateRawSync } from 'node:zlib';

import { expect } from 'chai';

import {
  inflateHead,
  inflateUpToDamage,
} from '../../../../lib/codec/compression/gzip/inflate-head.js';

const TEXT = Array.from({ length: 3000 }, (_, n) => `${n * 7919},`).join('');
const ARCHIVE = gzipSync(TEXT);
const HEAD = ARCHIVE.subarray(0, 4096);

describe('inflateHead', () => {
  it('returns as many of the first bytes as requested', () => {
    for (const count of [0, 1, 64, 1000, 7000]) {
      expect(inflateHead(HEAD, count).toString()).to.equal(TEXT.slice(0, count));
    }
  });

  it('returns fewer bytes of a short archive, and of a head that is cut anywhere', () => {
    const archive = gzipSync('short');
    expect(inflateHead(archive, 64).toString()).to.equal('short');
    for (let at = 0; at <= archive.length; at++) {
      const text = inflateHead(archive.subarray(0, at), 64).toString();
      expect('short'.startsWith(text)).to.equal(true);
    }
    for (let at = 0; at < HEAD.length; at += 50) {
      const text = inflateHead(HEAD.subarray(0, at), 64).toString();
      expect(text).to.equal(TEXT.slice(0, text.length));
      if (at > 200) expect(text).to.have.length(64);
    }
  });

  it('continues in the next member', () => {
    const members = ['', 'a', '', 'bcd', 'e'.repeat(50)].map((text) => gzipSync(text));
    expect(inflateHead(Buffer.concat(members), 10).toString()).to.equal('abcdeeeeee');
  });

  it('returns the bytes before damage', () => {
    const members = Buffer.concat([gzipSync('abc'), gzipSync('def')]);
    const damaged = Buffer.from(members);
    damaged.writeUInt8(0xff, gzipSync('abc').length + 10);
    expect(inflateHead(damaged, 64).toString()).to.equal('abc');
    expect(inflateHead(Buffer.concat([members, Buffer.from('x')]), 64).toString()).to.equal(
      'abcdef',
    );
  });

  it('returns nothing if the bytes are not gzip', () => {
    for (const head of [Buffer.alloc(0), Buffer.alloc(64), Buffer.from(TEXT), deflateSync(TEXT)]) {
      expect(inflateHead(head, 64)).to.deep.equal(Buffer.alloc(0));
    }
  });

  it('does not throw, whatever bit is flipped', () => {
    const members = Buffer.concat([gzipSync(''), gzipSync('a text of some bytes'), gzipSync('b')]);
    for (let bit = 0; bit < 8 * members.length; bit++) {
      const flipped = Buffer.from(members);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(inflateHead(flipped, 16).length).to.be.at.most(16);
    }
  });
});

describe('inflateUpToDamage', () => {
  it('inflates whole, torn and damaged data as far as possible', () => {
    expect(inflateUpToDamage(ARCHIVE, gunzipSync).toString()).to.equal(TEXT);
    expect(inflateUpToDamage(Buffer.alloc(0), gunzipSync)).to.have.length(0);
    const head = deflateRawSync(TEXT, { finishFlush: 2 });
    for (const size of [head.length >> 1, head.length]) {
      const torn = head.subarray(0, size);
      const expected = inflateRawSync(torn, { finishFlush: 2 }).toString();
      expect(inflateUpToDamage(torn, inflateRawSync).toString()).to.equal(expected);
    }
    const damaged = Buffer.concat([head, Buffer.alloc(10, 0xff)]);
    expect(inflateUpToDamage(damaged, inflateRawSync).toString()).to.equal(TEXT);
  });
});
