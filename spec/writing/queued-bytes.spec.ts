import { expect } from 'chai';

import { QueuedBytes } from '../../lib/writing/queued-bytes.js';

const OVERHEAD = 256;

describe('QueuedBytes', () => {
  it('counts the payload of each kind of record, and an overhead', () => {
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

  it('counts only the overhead of an invalid record, or of a payload to be made JSON', () => {
    const queued = new QueuedBytes(4 * OVERHEAD);
    expect(queued.add({ payload: { a: 'x'.repeat(1000) } })).to.equal(true);
    // @ts-expect-error: callers without types write anything.
    for (const record of [null, {}]) expect(queued.add(record)).to.be.a('boolean');
    expect(queued.clear()).to.equal(false);
  });

  it('says once whether there were too many bytes, and starts again from none', () => {
    const queued = new QueuedBytes(OVERHEAD);
    expect(queued.add('x')).to.equal(false);
    expect(queued.add('')).to.equal(false);
    expect(queued.clear()).to.equal(true);
    expect(queued.clear()).to.equal(false);
    expect(queued.add('')).to.equal(true);
  });
});
