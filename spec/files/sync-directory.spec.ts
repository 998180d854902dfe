import { readdir, readFile } from 'node:fs/promises';

import { expect } from 'chai';

import { type FileLayer, nodeFileLayer } from '../../lib/files/file-layer.js';
import { syncDirectory } from '../../lib/files/sync-directory.js';
import { networkFiles } from '../support/network-files.js';
import { withScratch } from '../support/scratch-directory.js';
import { rejection } from '../support/store-tools.js';

describe('syncDirectory', () => {
  it('is what the library calls everywhere', async () => {
    // A file layer that wraps another one may pass the call on.
    const direct = /(?<!syncDirectory: \(\w+\) => \w+)\.syncDirectory\(/;
    const root = new URL('../../lib/', import.meta.url);
    for (const name of await readdir(root, { recursive: true })) {
      if (!name.endsWith('.ts') || name === 'files/sync-directory.ts') continue;
      expect(await readFile(new URL(name, root), 'utf8'), name).to.not.match(direct);
    }
  });

  it('syncs a directory, and does nothing where that is not supported', async () => {
    await withScratch(async ({ path }) => {
      const synced: string[] = [];
      const files: FileLayer = {
        ...nodeFileLayer,
        async syncDirectory(directory) {
          await nodeFileLayer.syncDirectory(directory);
          synced.push(directory);
        },
      };
      await syncDirectory(files, path);
      expect(synced).to.deep.equal([path]);
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
