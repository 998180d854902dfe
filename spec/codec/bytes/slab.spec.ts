import { expect } from 'chai';

import { Slab } from '../../../lib/codec/bytes/slab.js';

describe('Slab', () => {
  it('keeps its filled bytes when it grows', () => {
    const slab = new Slab(4);
    slab.length += slab.bytes.write('abcd');
    slab.reserve(1);
    slab.length += slab.bytes.write('e', slab.length);
    expect(slab.filled().toString()).to.equal('abcde');
  });

  it('keeps its memory while there is room', () => {
    const slab = new Slab(8);
    const { bytes } = slab;
    slab.length = 3;
    slab.reserve(5);
    expect(slab.bytes).to.equal(bytes);
  });

  it('doubles, so that copying is linear', () => {
    const slab = new Slab(4);
    slab.length = 4;
    slab.reserve(1);
    expect(slab.bytes.length).to.equal(10);
  });

  it('grows by no more than a huge record needs', () => {
    const slab = new Slab(4);
    slab.reserve(5 * 2 ** 20);
    expect(slab.bytes.length).to.equal(5 * 2 ** 20);
  });

  it('copies at most five times the bytes written, however many these are', () => {
    const slab = new Slab(2 ** 20);
    const piece = 2 ** 16;
    let copied = 0;
    for (; slab.length < 64 * 2 ** 20; slab.length += piece) {
      const { bytes } = slab;
      slab.reserve(piece);
      if (slab.bytes !== bytes) copied += slab.length;
    }
    expect(copied).to.be.at.most(5 * slab.length);
  });

  it('grows from nothing', () => {
    const slab = new Slab(0);
    slab.reserve(3);
    expect(slab.bytes.length).to.be.at.least(3);
  });

  it('appends copies, to shared memory or not', () => {
    for (const memory of [new ArrayBuffer(8), new SharedArrayBuffer(8)]) {
      const slab = new Slab(8, Buffer.from(memory));
      for (const text of ['abc', '', 'defgh', 'more than fits']) slab.append(Buffer.from(text));
      expect(slab.filled().toString()).to.equal('abcdefghmore than fits');
    }
  });

  it('forgets its bytes, and keeps its memory unless that was for a huge record', () => {
    const slab = new Slab(8);
    slab.append(Buffer.from('a little more'));
    const { bytes } = slab;
    slab.clear();
    expect([slab.length, slab.bytes]).to.deep.equal([0, bytes]);
    slab.append(Buffer.alloc(5 * 2 ** 20));
    slab.clear();
    expect(slab.bytes.length).to.equal(8);
  });

  it('returns its filled bytes and continues in new memory', () => {
    const slab = new Slab(8);
    slab.length = slab.bytes.write('first');
    const taken = slab.take();
    slab.length = slab.bytes.write('other');
    expect(taken.toString()).to.equal('first');
    expect(slab.filled().toString()).to.equal('other');
  });

  it('continues in the given memory', () => {
    const slab = new Slab(8);
    const next = Buffer.alloc(16);
    slab.take(next);
    expect(slab.bytes).to.equal(next);
    expect(slab.length).to.equal(0);
  });

  it('shares no memory with other buffers', () => {
    expect(new Slab(8).bytes.buffer.byteLength).to.equal(8);
  });
});
