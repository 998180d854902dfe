import { expect } from 'chai';

import { createSharedController } from '../../lib/streams/shared-controller.js';

describe('createSharedController', () => {
  it('makes a signal that any number of requests may wait for without a warning', async () => {
    const warnings: string[] = [];
    const listener = ({ name }: Error) => warnings.push(name);
    process.on('warning', listener);
    const { signal } = createSharedController();
    for (let i = 0; i < 100; i++) signal.addEventListener('abort', () => i);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listener);
    expect(warnings).to.deep.equal([]);
  });
});
