import { expect } from 'chai';

import { Memo } from '../../../lib/stores/contract/memo.js';
import { rejection } from '../../support/store-tools.js';

describe('Memo', () => {
  it('tries once, however many callers ask and when', async () => {
    let attempts = 0;
    const once = new Memo(async () => ++attempts);
    expect(await Promise.all([once.result(), once.result()])).to.deep.equal([1, 1]);
    expect(await once.result()).to.equal(1);
  });

  it('rejects for every waiting caller after a failure, and tries again for the next one', async () => {
    let attempts = 0;
    const once = new Memo(async () => {
      if (++attempts === 1) throw new Error('not now');
      return attempts;
    });
    const [first, second] = await Promise.all([rejection(once.result()), rejection(once.result())]);
    expect(first).to.have.property('message', 'not now');
    expect(second).to.equal(first);
    expect(await once.result()).to.equal(2);
  });

  it('aborts the attempt when no caller waits for it any more, and then tries again', async () => {
    const signals: AbortSignal[] = [];
    const once = new Memo((signal) => {
      signals.push(signal);
      return new Promise<number>(() => {});
    });
    const [first, second] = [new AbortController(), new AbortController()];
    const results = [first, second].map(({ signal }) => rejection(once.result(signal)));
    first.abort(new Error('first'));
    expect(await results[0]).to.have.property('message', 'first');
    expect(signals[0]?.aborted).to.equal(false);
    second.abort(new Error('second'));
    expect(await results[1]).to.have.property('message', 'second');
    expect(signals[0]?.aborted).to.equal(true);
    const third = new AbortController();
    const asked = rejection(once.result(third.signal));
    expect(signals).to.have.length(2);
    third.abort();
    await asked;
  });
});
