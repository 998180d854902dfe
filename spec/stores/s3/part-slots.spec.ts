import { expect } from 'chai';

import { type PartSlot, PartSlots } from '../../../lib/stores/s3/part-slots.js';

describe('PartSlots', () => {
  /** How many of `count` that ask at once get leave. */
  async function taken(slots: PartSlots, count: number): Promise<PartSlot[]> {
    const got: PartSlot[] = [];
    for (let i = 0; i < count; i++) void slots.take().then((slot) => got.push(slot));
    await new Promise<void>((resolve) => setImmediate(resolve));
    return got;
  }

  it('has no limit until a part was refused', async () => {
    expect(await taken(new PartSlots(), 100)).to.have.length(100);
  });

  it('lets half as many go out after a refusal', async () => {
    const slots = new PartSlots();
    const sent = await taken(slots, 8);
    expect(slots.refused(sent[0] as PartSlot)).to.equal(true);
    expect(slots.limit).to.equal(4);
    for (const slot of sent) slot.release();
    expect(await taken(slots, 8)).to.have.length(4);
  });

  it('is lowered once by all that were sent before it was', async () => {
    const slots = new PartSlots();
    const sent = await taken(slots, 8);
    for (const slot of sent) expect(slots.refused(slot)).to.equal(true);
    expect(slots.limit).to.equal(4);
  });

  it('gives up where one at a time is too many', async () => {
    const slots = new PartSlots();
    const [only] = await taken(slots, 1);
    expect(slots.refused(only as PartSlot)).to.equal(false);
    expect(slots.limit).to.equal(1);
  });

  it('gives leave to who waits, in the order of asking', async () => {
    const slots = new PartSlots();
    const [first, second] = await taken(slots, 2);
    slots.refused(first as PartSlot);
    const order: number[] = [];
    for (const n of [1, 2]) {
      void slots.take().then((slot) => {
        order.push(n);
        slot.release();
      });
    }
    first?.release();
    second?.release();
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(order).to.deep.equal([1, 2]);
  });

  it('rises by one after many that were taken', async () => {
    const slots = new PartSlots();
    const sent = await taken(slots, 4);
    slots.refused(sent[0] as PartSlot);
    expect(slots.limit).to.equal(2);
    for (let i = 0; i < 64; i++) slots.succeeded();
    expect(slots.limit).to.equal(3);
  });
});
