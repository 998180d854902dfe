import { expect } from 'chai';

import { type PartSlot, PartSlots } from '../../../lib/stores/s3/part-slots.js';

describe('PartSlots', () => {
  /** The slots that `count` simultaneous callers get at once. */
  async function taken(slots: PartSlots, count: number): Promise<PartSlot[]> {
    const got: PartSlot[] = [];
    for (let i = 0; i < count; i++) void slots.take().then((slot) => got.push(slot));
    await new Promise<void>((resolve) => setImmediate(resolve));
    return got;
  }

  it('has no limit until a part is refused', async () => {
    expect(await taken(new PartSlots(), 100)).to.have.length(100);
  });

  it('lets half as many parts out after a refusal', async () => {
    const slots = new PartSlots();
    const sent = await taken(slots, 8);
    expect(slots.refused(sent[0] as PartSlot)).to.equal(true);
    expect(slots.limit).to.equal(4);
    for (const slot of sent) slot.release();
    expect(await taken(slots, 8)).to.have.length(4);
  });

  it('lowers the limit once for all parts that were sent before', async () => {
    const slots = new PartSlots();
    const sent = await taken(slots, 8);
    for (const slot of sent) expect(slots.refused(slot)).to.equal(true);
    expect(slots.limit).to.equal(4);
  });

  it('gives up when a part is refused alone', async () => {
    const slots = new PartSlots();
    const [only] = await taken(slots, 1);
    expect(slots.refused(only as PartSlot)).to.equal(false);
    expect(slots.limit).to.equal(1);
  });

  it('gives slots to waiting callers in the order of their calls', async () => {
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

  it('raises the limit by one after many successful parts', async () => {
    const slots = new PartSlots();
    const sent = await taken(slots, 4);
    slots.refused(sent[0] as PartSlot);
    expect(slots.limit).to.equal(2);
    for (let i = 0; i < 64; i++) slots.succeeded();
    expect(slots.limit).to.equal(3);
  });
});
