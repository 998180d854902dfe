import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { unlinkIfThere } from '../../lib/files/unlink-if-there.js';
import { withScratch } from '../support/scratch-directory.js';
import { rejection } from '../support/store-tools.js';

describe('unlinkIfThere', () => {
  it('removes a file, and does nothing when there is none', async () => {
    await withScratch(async ({ put, list }) => {
      const path = await put('a', Buffer.from('a'));
      await unlinkIfThere(nodeFileLayer, path);
      await unlinkIfThere(nodeFileLayer, path);
      expect(await list()).to.deep.equal([]);
    });
  });

  it('passes on every other failure', async () => {
    const failure = Object.assign(new Error('EACCES'), { code: 'EACCES' });
    const files = { ...nodeFileLayer, unlink: async () => Promise.reject(failure) };
    expect(await rejection(unlinkIfThere(files, 'a'))).to.equal(failure);
  });
});
