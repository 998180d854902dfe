import { expect } from 'chai';

import { Slab } from '../../../lib/codec/bytes/slab.js';

describe('Slab', () => {
  it('keeps what is filled when it grows', () => {
    const slab = new Slab(4);
    slab.length += slab.bytes.write('abcd');
    slab.reserve(1);
    slab.length += slab.bytes.write('e', slab.length);
    expect(slab.filled().toString()).to.equal('abcde');
  });

  it('stays where it is while there is room', () => {
    const slab = new Slab(8);
    const { bytes } = slab;
    slab.length = 3;
    slab.reserve(5);
    expect(slab.bytes).to.equal(bytes);
  });

  it('doubles, so that the copying is linear', () => {
    const slab = new Slab(4);
    slab.length = 4;
    slab.reserve(1);
    expect(slab.bytes.length).to.equal(10);
  });

  it('gives a huge record what it needs, and no more', () => {
    const slab = new Slab(4);
    slab.reserve(5 * 2 ** 20);
    expect(slab.bytes.length).to.equal(5 * 2 ** 20);
  });

  it('copies at most five times what is written, however much that is', () => {
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

  it('hands over what is filled and goes on in memory of its own', () => {
    const slab = new Slab(8);
    slab.length = slab.bytes.write('first');
    const taken = slab.take();
    slab.length = slab.bytes.write('other');
    expect(taken.toString()).to.equal('first');
    expect(slab.filled().toString()).to.equal('other');
  });

  it('goes on in the memory that it is given', () => {
    const slab = new Slab(8);
    const next = Buffer.alloc(16);
    slab.take(next);
    expect(slab.bytes).to.equal(next);
    expect(slab.length).to.equal(0);
  });

  it('has no memory in common with anything else', () => {
    expect(new Slab(8).bytes.buffer.byteLength).to.equal(8);
  });
});
