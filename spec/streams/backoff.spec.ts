import { expect } from 'chai';

import { backoffMs, jitteredBackoffMs } from '../../lib/streams/backoff.js';

const BACKOFF = { firstDelayMs: 200, longestDelayMs: 30_000 };

describe('backoffMs', () => {
  it('doubles from the first delay to the longest, and stays there', () => {
    const delays = [1, 2, 3, 8, 9, 100, 5000].map((failures) => backoffMs(failures, BACKOFF));
    expect(delays).to.deep.equal([200, 400, 800, 25_600, 30_000, 30_000, 30_000]);
  });
});

describe('jitteredBackoffMs', () => {
  it('gives any part of that delay, so that clients do not return all at once', () => {
    expect(jitteredBackoffMs(3, BACKOFF, () => 0)).to.equal(0);
    expect(jitteredBackoffMs(3, BACKOFF, () => 0.5)).to.equal(400);
    expect(jitteredBackoffMs(20, BACKOFF)).to.be.within(0, 30_000);
  });
});
