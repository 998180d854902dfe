import { expect } from 'chai';
import fc from 'fast-check';

import { compareNaturally } from '../../../lib/series/names/natural-order.js';

describe('compareNaturally', () => {
  it('orders runs of digits as numbers', () => {
    const names = ['a10', 'a9', 'a1', 'a', 'a9b', 'a9-1', 'b1', 'a010x', 'A2'];
    expect(names.toSorted(compareNaturally)).to.deep.equal([
      'A2',
      'a',
      'a1',
      'a9',
      'a9-1',
      'a9b',
      'a10',
      'a010x',
      'b1',
    ]);
  });

  it('distinguishes numbers that are equal as doubles', () => {
    expect(compareNaturally('a9007199254740993', 'a9007199254740992')).to.be.above(0);
    expect(compareNaturally(`a${'9'.repeat(400)}`, `a1${'0'.repeat(400)}`)).to.be.below(0);
  });

  it('breaks ties of leading zeros by plain comparison', () => {
    expect(compareNaturally('a01', 'a1')).to.be.below(0);
    expect(compareNaturally('a1', 'a01')).to.be.above(0);
    expect(compareNaturally('a01b', 'a1a')).to.be.above(0);
  });

  it('orders everything else by code unit', () => {
    expect(compareNaturally('a-1', 'a_1')).to.be.below(0);
    expect(compareNaturally('a1', 'a:')).to.be.below(0);
    expect(compareNaturally('a.', 'a1')).to.be.below(0);
  });

  it('returns 0 only for equal names', () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        expect(compareNaturally(a, b) === 0).to.equal(a === b);
        expect(Math.sign(compareNaturally(a, b)) + Math.sign(compareNaturally(b, a))).to.equal(0);
      }),
    );
  });

  it('is transitive', () => {
    fc.assert(
      fc.property(names, names, names, (a, b, c) => {
        fc.pre(compareNaturally(a, b) < 0 && compareNaturally(b, c) < 0);
        expect(compareNaturally(a, c)).to.be.below(0);
      }),
      { numRuns: 1000 },
    );
  });
});

const names = fc.string({ unit: fc.constantFrom('0', '1', '9', 'a', '-', '_', '.'), maxLength: 6 });
