import { expect } from 'chai';

import { backoffMs, PERMANENT_DELAY_MS } from '../../lib/shipping/backoff.js';

describe('backoffMs', () => {
  it('grows twofold from 200 ms to 30 s', () => {
    const longest = [1, 2, 3, 8, 9, 100, 5000].map((failures) => backoffMs(failures, () => 1));
    expect(longest).to.deep.equal([200, 400, 800, 25_600, 30_000, 30_000, 30_000]);
  });

  it('may be any part of that, so that writers do not come back all at once', () => {
    expect(backoffMs(3, () => 0)).to.equal(0);
    expect(backoffMs(3, () => 0.5)).to.equal(400);
    expect(backoffMs(20)).to.be.within(0, PERMANENT_DELAY_MS);
  });
});
