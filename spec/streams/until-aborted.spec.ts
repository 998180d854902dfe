import { expect } from 'chai';

import { untilAborted } from '../../lib/streams/until-aborted.js';
import { rejection } from '../support/store-tools.js';

describe('untilAborted', () => {
  const never = new Promise<void>(() => {});

  it('says whether the work is done, or was aborted before', async () => {
    const ending = new AbortController();
    expect(await untilAborted(Promise.resolve(1), ending.signal)).to.equal('done');
    const waiting = untilAborted(never, ending.signal);
    ending.abort();
    expect(await waiting).to.equal('aborted');
    expect(await untilAborted(Promise.resolve(1), ending.signal)).to.equal('aborted');
  });

  it('rejects as the work does, and ignores a failure after the abort', async () => {
    const ending = new AbortController();
    const failure = new Error('odd');
    expect(await rejection(untilAborted(Promise.reject(failure), ending.signal))).to.equal(failure);
    let fail = (_error: Error) => {};
    const failing = new Promise((_, reject) => {
      fail = reject;
    });
    const waiting = untilAborted(failing, ending.signal);
    ending.abort();
    expect(await waiting).to.equal('aborted');
    fail(failure);
    await new Promise((resolve) => setImmediate(resolve));
  });
});
