import { expect } from 'chai';

import { hashOfBytes } from '../../../lib/codec/bytes/hash-of-bytes.js';

describe('hashOfBytes', () => {
  const places = (texts: readonly string[]) =>
    new Set(texts.map((text) => hashOfBytes(Buffer.from(text), 0, text.length) >>> 20));

  it('is of the bytes from start to end, and of their order', () => {
    const bytes = Buffer.from('xabyabxba');
    expect(hashOfBytes(bytes, 1, 3)).to.equal(hashOfBytes(bytes, 4, 6));
    expect(hashOfBytes(bytes, 1, 3)).to.not.equal(hashOfBytes(bytes, 7, 9));
    expect(hashOfBytes(bytes, 3, 3)).to.equal(0);
  });

  it('is an integer of 32 bits', () => {
    for (let i = 0; i < 1000; i++) {
      const bytes = Buffer.from(String(i));
      const hash = hashOfBytes(bytes, 0, bytes.length);
      expect(hash).to.equal(hash | 0);
    }
  });

  // Of 100 balls thrown at 4096 places 99 fill one of their own.
  const names: [what: string, nameOf: (i: number) => string][] = [
    ['numbers', (i) => String(i)],
    ['padded numbers', (i) => `web-${String(i).padStart(2, '0')}`],
    ['numbers at the start', (i) => `${i}.example.com`],
    ['lengths', (i) => 'x'.repeat(i)],
  ];
  for (const [what, nameOf] of names) {
    it(`gives names that differ by ${what} places of their own`, () => {
      expect(places(Array.from({ length: 100 }, (_, i) => nameOf(i))).size).to.be.at.least(95);
    });
  }
});
