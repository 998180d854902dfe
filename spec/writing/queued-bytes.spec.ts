import { expect } from 'chai';

import { QueuedBytes } from '../../lib/writing/queued-bytes.js';

const OVERHEAD = 256;

describe('QueuedBytes', () => {
  it('counts the payload of each kind of record, and its own overhead', () => {
    const payload = 'x'.repeat(100);
    for (const record of [
      payload,
      Buffer.from(payload),
      { payload },
      { payload: new Uint8Array(100) },
    ]) {
      const queued = new QueuedBytes(2 * (100 + OVERHEAD));
      expect([queued.add(record), queued.add(record), queued.add(record)]).to.deep.equal([
        true,
        true,
        false,
      ]);
    }
  });

  it('counts by its overhead alone what has no bytes yet, or is no record', () => {
    const queued = new QueuedBytes(4 * OVERHEAD);
    expect(queued.add({ payload: { a: 'x'.repeat(1000) } })).to.equal(true);
    // @ts-expect-error: what has no types writes anything.
    for (const record of [null, {}]) expect(queued.add(record)).to.be.a('boolean');
    expect(queued.clear()).to.equal(false);
  });

  it('says once whether there were too many, and begins anew', () => {
    const queued = new QueuedBytes(OVERHEAD);
    expect(queued.add('x')).to.equal(false);
    expect(queued.add('')).to.equal(false);
    expect(queued.clear()).to.equal(true);
    expect(queued.clear()).to.equal(false);
    expect(queued.add('')).to.equal(true);
  });
});
