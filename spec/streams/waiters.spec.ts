import { setImmediate } from 'node:timers/promises';

import { expect } from 'chai';

import { Waiters } from '../../lib/streams/waiters.js';

describe('Waiters', () => {
  let waiters: Waiters;
  let woken: string[];

  beforeEach(() => {
    waiters = new Waiters();
    woken = [];
  });

  const wait = (name: string) => void waiters.next().then(() => woken.push(name));

  /** The callers woken so far, after all promises that are settled have called back. */
  async function wokenNow(): Promise<readonly string[]> {
    await setImmediate();
    return woken;
  }

  it('leaves a caller waiting until it is woken', async () => {
    wait('a');
    expect(await wokenNow()).to.deep.equal([]);
    waiters.wakeAll();
    expect(await wokenNow()).to.deep.equal(['a']);
  });

  it('does not count a wake that came before the wait', async () => {
    waiters.wakeAll();
    waiters.wakeOne();
    wait('a');
    expect(await wokenNow()).to.deep.equal([]);
  });

  it('wakes all callers in the order in which they began to wait', async () => {
    for (const name of ['a', 'b', 'c']) wait(name);
    waiters.wakeAll();
    expect(await wokenNow()).to.deep.equal(['a', 'b', 'c']);
  });

  it('wakes one caller at a time, the one that has waited longest first', async () => {
    for (const name of ['a', 'b', 'c']) wait(name);
    waiters.wakeOne();
    expect(await wokenNow()).to.deep.equal(['a']);
    waiters.wakeOne();
    expect(await wokenNow()).to.deep.equal(['a', 'b']);
  });

  it('needs another wake for a caller that waits again', async () => {
    void waiters.next().then(() => wait('a'));
    waiters.wakeAll();
    expect(await wokenNow()).to.deep.equal([]);
    waiters.wakeAll();
    expect(await wokenNow()).to.deep.equal(['a']);
  });

  it('lets no caller wait after the end', async () => {
    wait('a');
    waiters.end();
    wait('b');
    expect(await wokenNow()).to.deep.equal(['a', 'b']);
  });

  it('lets callers that look again when they are woken take turns', async () => {
    let isFree = false;
    const take = async (name: string) => {
      while (!isFree) await waiters.next();
      isFree = false;
      woken.push(name);
    };
    for (const name of ['a', 'b']) void take(name);
    isFree = true;
    waiters.wakeAll();
    expect(await wokenNow()).to.deep.equal(['a']);
    isFree = true;
    waiters.wakeAll();
    expect(await wokenNow()).to.deep.equal(['a', 'b']);
  });
});
