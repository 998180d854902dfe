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
});
