import { randomBytes } from 'node:crypto';

import { expect } from 'chai';
import fc from 'fast-check';
import { snappyUncompress } from 'hyparquet';

import { compressSnappy } from '../../../lib/exporting/parquet/snappy.js';

function roundTrip(input: Uint8Array): Buffer {
  const output = new Uint8Array(input.length);
  snappyUncompress(compressSnappy(input), output);
  return Buffer.from(output);
}

describe('compressSnappy', () => {
  it('gives any bytes so that hyparquet reads them back', () => {
    const anyPiece = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.tuple(fc.nat(255), fc.nat(400)).map(([byte, count]) => Buffer.alloc(count, byte)),
      fc.constantFrom('{"event":"login","user":{"id":', '7}}\n', 'abcd').map((t) => Buffer.from(t)),
    );
    fc.assert(
      fc.property(fc.array(anyPiece, { maxLength: 40 }), (pieces) => {
        const input = Buffer.concat(pieces);
        expect(roundTrip(input).equals(input)).to.equal(true);
      }),
      { numRuns: 200 },
    );
  });

  it('compresses pieces of 64 KiB, which need not end with a match', () => {
    const line = (i: number) =>
      `{"id":${i},"path":"/shop/item/${i % 100}","agent":"Mozilla/5.0"}\n`;
    const lines = Buffer.from(Array.from({ length: 5000 }, (_, i) => line(i)).join(''));
    for (const size of [65_535, 65_536, 65_537, 65_551, 65_552, 131_073, lines.length]) {
      const input = lines.subarray(0, size);
      expect(roundTrip(input).equals(input), String(size)).to.equal(true);
      expect(compressSnappy(input).length).to.be.below(size / 3);
    }
  });

  it('takes a few bytes more than noise has', () => {
    const input = randomBytes(200_000);
    expect(roundTrip(input).equals(input)).to.equal(true);
    expect(compressSnappy(input).length).to.be.below(200_100);
  });
});
