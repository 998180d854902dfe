import { getEventListeners } from 'node:events';

import { expect } from 'chai';

import { askForEach, askStore } from '../../../lib/stores/contract/ask-store.js';
import { storeError } from '../../support/memory-store.js';
import { rejection } from '../../support/store-tools.js';

const REASON = new Error('no longer wanted');

describe('askStore', () => {
  it('settles as the store answers', async () => {
    const { signal } = new AbortController();
    expect(await askStore(async () => 7, signal)).to.equal(7);
    const failure = storeError(true);
    expect(await rejection(askStore(() => Promise.reject(failure), signal))).to.equal(failure);
  });

  it('rejects when the signal aborts, and asks nothing after that', async () => {
    const controller = new AbortController();
    const asked = rejection(askStore(() => new Promise(() => {}), controller.signal));
    controller.abort(REASON);
    expect(await asked).to.equal(REASON);
    let asks = 0;
    const late = askStore(async () => asks++, controller.signal);
    expect([await rejection(late), asks]).to.deep.equal([REASON, 0]);
  });
});

describe('askForEach', () => {
  it('gives what is listed, and closes the listing when the caller stops', async () => {
    let isClosed = false;
    const list = async function* () {
      try {
        yield* [1, 2, 3];
      } finally {
        isClosed = true;
      }
    };
    const given: number[] = [];
    for await (const entry of askForEach(list, new AbortController().signal)) {
      given.push(entry);
      if (entry === 2) break;
    }
    expect(given).to.deep.equal([1, 2]);
    expect(isClosed).to.equal(true);
  });

  it('ends with the reason of the signal, though the listing never continues', async () => {
    const controller = new AbortController();
    const list = async function* () {
      yield 1;
      await new Promise(() => {});
    };
    const listing = askForEach(list, controller.signal);
    await listing.next();
    const next = rejection(listing.next());
    controller.abort(REASON);
    expect(await next).to.equal(REASON);
  });

  it('adds one listener to the signal, whatever the number of entries', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    const list = async function* () {
      yield* Array.from({ length: 100 }, (_, i) => i);
    };
    let entries = 0;
    for await (const _ of askForEach(list, signal)) entries++;
    expect([entries, listeners]).to.deep.equal([100, 1]);
    expect(getEventListeners(signal, 'abort')).to.have.length(0);
  });

  it('ends if the signal aborts while the caller uses an entry', async () => {
    const controller = new AbortController();
    const list = async function* () {
      yield 1;
      await new Promise(() => {});
    };
    const listing = askForEach(list, controller.signal);
    await listing.next();
    controller.abort(REASON);
    expect(await rejection(listing.next())).to.equal(REASON);
  });
});
