import { expect } from 'chai';

import { keepAlive, keepAliveUntil } from '../../lib/streams/keep-alive.js';
import { turns } from '../support/shipping-writer.js';
import { rejection } from '../support/store-tools.js';

describe('keepAlive', () => {
  /** Timers that keep this process alive, besides mocha's. */
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

  it('holds one timer until all callers have let go, each once', () => {
    const before = timers();
    const [first, second] = [keepAlive(), keepAlive()];
    expect(timers()).to.equal(before + 1);
    first();
    first();
    expect(timers()).to.equal(before + 1);
    second();
    expect(timers()).to.equal(before);
  });

  it('lets go when a promise settles, whether it resolves or rejects', async () => {
    // Mocha sets a timer of its own when it gets the promise of this spec.
    await turns(1);
    const before = timers();
    expect(await keepAliveUntil(Promise.resolve(1))).to.equal(1);
    const failure = new Error('odd');
    expect(await rejection(keepAliveUntil(Promise.reject(failure)))).to.equal(failure);
    expect(timers()).to.equal(before);
  });
});
