import { link, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer as files } from '../../lib/files/file-layer.js';
import { isSameFile } from '../../lib/files/same-file.js';
import { withScratch } from '../support/scratch-directory.js';

describe('isSameFile', () => {
  it('is true for two names of one file, but not for a copy or a symbolic link', async () => {
    await withScratch(async (scratch) => {
      const pathOf = (file: string) => join(scratch.path, file);
      await scratch.put('one', Buffer.from('a'));
      await scratch.put('copy', Buffer.from('a'));
      await link(pathOf('one'), pathOf('name'));
      await symlink(pathOf('one'), pathOf('pointer'));
      const status = await files.lstat(pathOf('one'));
      expect(isSameFile(status, await files.lstat(pathOf('name')))).to.equal(true);
      expect(isSameFile(status, await files.lstat(pathOf('copy')))).to.equal(false);
      expect(isSameFile(status, await files.lstat(pathOf('pointer')))).to.equal(false);
    });
  });

  it('is false for equal inodes on two devices', () => {
    expect(isSameFile({ ino: 1, dev: 2 }, { ino: 1, dev: 3 })).to.equal(false);
  });
});
