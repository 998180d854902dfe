import { expect } from 'chai';

import { hashValue } from '../../../lib/codec/metadata-index/value-hash.js';

function hashesOf(text: string): readonly [number, number] {
  const bytes = Buffer.from(`..${text}..`);
  const hash = { first: 0, second: 0 };
  hashValue(bytes, 2, bytes.length - 2, hash);
  return [hash.first >>> 0, hash.second >>> 0];
}

describe('hashValue', () => {
  it('is MurmurHash3 for 32 bits, as other programs compute it', () => {
    // From the test vectors of other implementations.
    expect(hashesOf('')).to.deep.equal([0, 0x514e28b7]);
    expect(hashesOf('test')[0]).to.equal(0xba6bd213);
    expect(hashesOf('Hello, world!')[0]).to.equal(0xc0363e43);
    expect(hashesOf('The quick brown fox jumps over the lazy dog')[0]).to.equal(0x2e4ff723);
  });

  it('depends on every byte and on the length', () => {
    const texts = ['a', 'b', 'aa', 'ab', 'aaa', 'aaaa', 'aaaaa', 'aaaab', '\0', '\0\0'];
    for (const i of [0, 1] as const) {
      expect(new Set(texts.map((text) => hashesOf(text)[i]))).to.have.property('size', 10);
    }
  });
});
