import { expect } from 'chai';

import { CountingClock } from '../soak/counting-clock.js';
import { growthOf, type Line } from '../soak/measurements.js';

const FLAT: Line = { rss: 100e6, heap: 20e6, descriptors: 30, timers: 5 };
const START: Line = { rss: 50e6, heap: 10e6, descriptors: 20, timers: 1 };

describe('the soak', () => {
  it('finds a run flat that grows only before its second line', () => {
    expect(growthOf([START, FLAT, FLAT, { ...FLAT, heap: 21e6 }])).to.deep.equal([]);
  });

  for (const [quantity, much] of [
    ['rss', 60e6],
    ['heap', 4e6],
    ['descriptors', 20],
    ['timers', 20],
  ] as const) {
    it(`notices that ${quantity} have grown since the second line, even if they shrink again`, () => {
      const grown = { ...FLAT, [quantity]: (FLAT[quantity] ?? 0) + much };
      const found = growthOf([START, FLAT, grown, FLAT]);
      expect(found).to.have.length(1);
      expect(found[0]).to.match(new RegExp(`^${quantity} grew from `));
    });
  }

  it('needs two lines to find anything flat', () => {
    expect(growthOf([FLAT])).to.have.length(1);
  });

  it('counts timers that neither fired nor were cancelled, and keep no process alive', async () => {
    const clock = new CountingClock();
    const left = clock.setTimer(() => {}, 1e6);
    const cancelled = clock.setTimer(() => {}, 1e6);
    await new Promise<void>((resolve) => clock.setTimer(resolve, 0).ref());
    cancelled.cancel();
    expect(clock.pending).to.equal(1);
    left.cancel();
    expect(clock.pending).to.equal(0);
  });
});
