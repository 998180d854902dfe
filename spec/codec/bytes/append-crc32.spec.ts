import { crc32 } from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';

import { appendCrc32 } from '../../../lib/codec/bytes/append-crc32.js';

describe('appendCrc32', () => {
  it('gives the CRC-32 of two pieces together, from that of each', () => {
    const piece = fc
      .tuple(fc.uint8Array({ maxLength: 300 }), fc.nat(500))
      .map(([bytes, zeros]) => Buffer.concat([bytes, Buffer.alloc(zeros)]));
    fc.assert(
      fc.property(piece, piece, (first, next) => {
        const whole = crc32(Buffer.concat([first, next]));
        expect(appendCrc32(crc32(first), crc32(next), next.length)).to.equal(whole);
      }),
    );
  });

  it('takes pieces of any size', () => {
    for (const bytes of [2 ** 16, 2 ** 20 + 1, 2 ** 23 - 1]) {
      const next = Buffer.alloc(bytes, 'next');
      const whole = crc32(next, crc32('first'));
      expect(appendCrc32(crc32('first'), crc32(next), bytes)).to.equal(whole);
    }
  });
});
