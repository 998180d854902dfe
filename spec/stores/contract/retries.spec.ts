import { expect } from 'chai';

import { StoreError } from '../../../lib/errors/store-error.js';
import { MOST_FAILURES, retry } from '../../../lib/stores/contract/retries.js';
import { HastyClock } from '../../support/hasty-clock.js';
import { storeError } from '../../support/memory-store.js';
import { rejection } from '../../support/store-tools.js';

describe('retry', () => {
  const { signal } = new AbortController();

  it('waits with full jitter, up to twice as long each time, and at most 10 s', async () => {
    const clock = new HastyClock();
    const failure = storeError(true);
    const request = () => Promise.reject(failure);
    const error = await rejection(retry(request, { clock, signal, random: () => 0.5 }));
    expect(clock.delays).to.deep.equal([100, 200, 400, 800, 1600, 3200, 5000]);
    expect(clock.delays).to.have.length(MOST_FAILURES - 1);
    expect(error).to.be.instanceOf(StoreError).and.to.have.property('cause', failure);
    expect(error).to.have.property(
      'message',
      'cannot put memory: it failed; given up after 8 failures in a row',
    );
  });

  it('returns the result of the request that succeeds', async () => {
    const clock = new HastyClock();
    let failures = 3;
    const request = async () => {
      if (failures-- > 0) throw new Error('not yet');
      return 'done';
    };
    expect(await retry(request, { clock, signal })).to.equal('done');
    expect(clock.delays).to.have.length(3);
  });

  it('does not repeat a request that cannot succeed', async () => {
    const clock = new HastyClock();
    for (const failure of [storeError(false), new TypeError('x'), new RangeError('x'), 'text']) {
      const request = () => Promise.reject(failure);
      expect(await rejection(retry(request, { clock, signal }))).to.equal(failure);
    }
    expect(clock.delays).to.deep.equal([]);
  });

  it('rejects with the reason of a signal that aborts before or during a wait', async () => {
    const clock = new HastyClock();
    const request = () => Promise.reject(storeError(true));
    const reason = new Error('enough');
    const before = retry(request, { clock, signal: AbortSignal.abort(reason) });
    expect(await rejection(before)).to.equal(reason);
    const controller = new AbortController();
    clock.setTimer = () => {
      setImmediate(() => controller.abort(reason));
      return { cancel: () => undefined, ref: () => undefined };
    };
    expect(await rejection(retry(request, { clock, signal: controller.signal }))).to.equal(reason);
  });
});
