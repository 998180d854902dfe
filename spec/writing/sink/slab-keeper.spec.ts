import { expect } from 'chai';

import { SlabKeeper } from '../../../lib/writing/sink/slab-keeper.js';

const BYTES = 64;

describe('SlabKeeper', () => {
  it('returns slabs of its size in memory that threads share', () => {
    const slab = new SlabKeeper(BYTES).take();
    expect(slab).to.have.length(BYTES);
    expect(slab.buffer).to.be.an.instanceOf(SharedArrayBuffer);
  });

  it('returns the whole slab after a part of it came back', () => {
    const keeper = new SlabKeeper(BYTES);
    const slab = keeper.take();
    keeper.keep(slab.subarray(3, 5));
    const again = keeper.take();
    expect(again.buffer).to.equal(slab.buffer);
    expect(again).to.have.length(BYTES);
  });

  it('keeps as many slabs as were in use at once', () => {
    const keeper = new SlabKeeper(BYTES);
    const slabs = take(keeper, 5);
    for (const slab of slabs) keeper.keep(slab);
    expect(known(take(keeper, 6), slabs)).to.equal(5);
  });

  it('returns the slab first that came back last', () => {
    const keeper = new SlabKeeper(BYTES);
    const [first, last] = take(keeper, 2);
    if (first === undefined || last === undefined) throw new Error('no slabs');
    keeper.keep(first);
    keeper.keep(last);
    expect(keeper.take().buffer).to.equal(last.buffer);
  });

  it('keeps a burst of slabs for a while, although fewer are in use', () => {
    const keeper = new SlabKeeper(BYTES);
    const burst = take(keeper, 5);
    for (const slab of burst) keeper.keep(slab);
    for (let i = 0; i < 20; i++) keeper.keep(keeper.take());
    expect(known(take(keeper, 5), burst)).to.equal(5);
  });

  it('forgets an old burst', () => {
    const keeper = new SlabKeeper(BYTES);
    const burst = take(keeper, 50);
    // From now on two slabs are in use, one of which comes back at a time.
    for (const slab of burst) keeper.keep(slab);
    let before = keeper.take();
    for (let i = 0; i < 200; i++) {
      const slab = keeper.take();
      keeper.keep(before);
      before = slab;
    }
    keeper.keep(before);
    expect(known(take(keeper, 50), burst)).to.be.at.most(2);
  });

  it('ignores buffers in memory that is not shared', () => {
    const keeper = new SlabKeeper(BYTES);
    const slab = keeper.take();
    const other = Buffer.alloc(BYTES);
    keeper.keep(other);
    expect(known([keeper.take()], [other, slab])).to.equal(0);
  });
});

function take(keeper: SlabKeeper, count: number): Buffer[] {
  return Array.from({ length: count }, () => keeper.take());
}

/** How many of `slabs` are among `others`. */
function known(slabs: readonly Buffer[], others: readonly Buffer[]): number {
  const memories = new Set(others.map((slab) => slab.buffer));
  return slabs.filter((slab) => memories.has(slab.buffer)).length;
}
