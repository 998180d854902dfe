import { expect } from 'chai';
import fc from 'fast-check';
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';

import { packDeltas } from '../../../lib/exporting/parquet/pack-deltas.js';

function unpack(bytes: Buffer, count: number): number[] {
  const output = new BigInt64Array(count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  deltaBinaryUnpack({ view, offset: 0 }, count, output);
  return [...output].map(Number);
}

describe('packDeltas', () => {
  it('gives numbers that hyparquet reads back', () => {
    const anyDifference = fc.oneof(
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    );
    const anyNumbers = fc
      .tuple(
        fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
        fc.array(anyDifference, { maxLength: 300, size: 'max' }),
      )
      .map(([first, differences]) => {
        const numbers = [first];
        for (const difference of differences) numbers.push((numbers.at(-1) ?? 0) + difference);
        return numbers;
      });
    fc.assert(
      fc.property(anyNumbers, (numbers) => {
        const packed = packDeltas(Float64Array.from(numbers));
        expect(unpack(packed ?? Buffer.alloc(0), numbers.length)).to.deep.equal(numbers);
      }),
      { numRuns: 60 },
    );
  });

  it('leaves numbers alone whose differences need more than 32 bits', () => {
    expect(packDeltas(Float64Array.of(0, 0, 2 ** 32))).to.equal(undefined);
    expect(packDeltas(Float64Array.of(-(2 ** 53) + 1, 2 ** 53 - 1))).to.equal(undefined);
    expect(packDeltas(Float64Array.of(0, 2 ** 52))).to.not.equal(undefined);
  });

  it('takes a few bytes for each 128 sequences', () => {
    const packed = packDeltas(Float64Array.from({ length: 10_000 }, (_, i) => i));
    expect(packed?.length).to.be.below(500);
  });
});
