import { expect } from 'chai';

import { alternativeName } from '../../../lib/series/names/alternative-name.js';

describe('alternativeName', () => {
  it('puts the number before the extension', () => {
    expect(alternativeName('a.events', 1)).to.equal('a-1.events');
    expect(alternativeName('a.b.events', 12)).to.equal('a.b-12.events');
  });

  it('puts the number at the end of a name without an extension', () => {
    expect(alternativeName('a', 2)).to.equal('a-2');
  });

  it('refuses a number that is not a positive integer', () => {
    for (const n of [0, -1, 1.5, Number.NaN]) {
      expect(() => alternativeName('a', n)).to.throw(RangeError, `is ${n}`);
    }
  });
});
