import { expect } from 'chai';
import fc from 'fast-check';
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';

import { bitsOf, packNumbers } from '../../../lib/exporting/parquet/pack-numbers.js';

/** Runs of all lengths, so that they begin and end inside groups. */
const anyNumbers = (most: number) =>
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: most }), fc.integer({ min: 1, max: 20 })), {
      maxLength: 40,
    })
    .map((runs) => runs.flatMap(([number, length]) => Array<number>(length).fill(number)));

describe('packNumbers', () => {
  for (const most of [0, 1, 5, 255, 65_535, 2 ** 24 - 1]) {
    it(`gives numbers up to ${most} that hyparquet reads back`, () => {
      const bits = bitsOf(most);
      fc.assert(
        fc.property(anyNumbers(most), (numbers) => {
          const bytes = packNumbers(Uint32Array.from(numbers), bits);
          const read = new Uint32Array(numbers.length);
          const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
          readRleBitPackedHybrid({ view, offset: 0 }, bits, read, bytes.length);
          expect([...read]).to.deep.equal(numbers);
        }),
        { numRuns: 40 },
      );
    });
  }

  it('takes two or three bytes for a run of any length', () => {
    expect(packNumbers(new Uint8Array(10_000).fill(1), 1)).to.have.length(4);
    expect(packNumbers(new Uint8Array(3).fill(1), 1)).to.have.length(2);
    expect(packNumbers(new Uint8Array(0), 1)).to.have.length(0);
  });
});
