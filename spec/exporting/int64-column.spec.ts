import { expect } from 'chai';
import fc from 'fast-check';

import { Int64Column } from '../../lib/exporting/int64-column.js';

describe('Int64Column', () => {
  it('gives any whole number of JavaScript as a BigInt', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger()), (numbers) => {
        const column = new Int64Column();
        for (const number of numbers) column.push(number);
        expect([...column.toData()]).to.deep.equal(numbers.map(BigInt));
      }),
    );
  });

  it('keeps what is missing', () => {
    const column = new Int64Column();
    for (const number of [-1, undefined, 2 ** 40]) column.push(number);
    expect(column.toData()).to.deep.equal([-1n, undefined, 2n ** 40n]);
  });
});
