import { expect } from 'chai';

import { SealCount } from '../../../lib/writing/rolling/seal-count.js';

describe('SealCount', () => {
  it('tells those who wait for as many archives, and no others', async () => {
    const seals = new SealCount();
    const told: number[] = [];
    const waiting = [0, 2, 1, 2].map((count) => seals.reach(count).then(() => told.push(count)));
    await waiting[0];
    expect(told).to.deep.equal([0]);
    seals.add();
    await waiting[2];
    expect(told).to.deep.equal([0, 1]);
    seals.add();
    await Promise.all(waiting);
    expect(told).to.deep.equal([0, 1, 2, 2]);
    await seals.reach(2);
  });

  it('lets nobody wait in vain once it has ended', async () => {
    const seals = new SealCount();
    const waiting = seals.reach(5);
    seals.end();
    await waiting;
    await seals.reach(6);
  });
});
