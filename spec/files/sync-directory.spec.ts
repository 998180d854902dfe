import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { syncDirectory } from '../../lib/files/sync-directory.js';
import { networkFiles } from '../support/network-files.js';
import { withScratch } from '../support/scratch-directory.js';
import { rejection } from '../support/store-tools.js';

describe('syncDirectory', () => {
  it('syncs a directory, and does nothing where that is not supported', async () => {
    await withScratch(async ({ path }) => {
      await syncDirectory(nodeFileLayer, path);
      for (const directorySync of ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'ENOSYS']) {
        await syncDirectory(networkFiles({ directorySync }), path);
      }
    });
  });

  it('throws any other error', async () => {
    await withScratch(async ({ path }) => {
      const files = networkFiles({ directorySync: 'EIO' });
      expect(await rejection(syncDirectory(files, path))).to.have.property('code', 'EIO');
    });
  });
});
