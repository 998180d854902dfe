import { createHash } from 'node:crypto';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer } from '../../../lib/files/file-layer.js';
import { takeNameForContent } from '../../../lib/writing/recovery/take-name-for-content.js';
import { type ScratchDirectory, withScratch } from '../../support/scratch-directory.js';

const CONTENT = Buffer.from('content');
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

/** Takes the name `a.events` for a new file with `CONTENT`. Returns the name it got. */
async function take(scratch: ScratchDirectory): Promise<string> {
  const from = await scratch.put('from', CONTENT);
  const wanted = join(scratch.path, 'a.events');
  const path = await takeNameForContent(from, wanted, SHA256, nodeFileLayer);
  expect(await readFile(path)).to.deep.equal(CONTENT);
  return path.slice(scratch.path.length + 1);
}

describe('takeNameForContent', () => {
  it('takes the first name that is free', async () => {
    await withScratch(async (scratch) => {
      await scratch.put('a.events', Buffer.from('another'));
      expect(await take(scratch)).to.equal('a-1.events');
    });
  });

  it('takes no second name for content that has one', async () => {
    await withScratch(async (scratch) => {
      await scratch.put('a.events', Buffer.from('another'));
      await scratch.put('a-1.events', CONTENT);
      expect(await take(scratch)).to.equal('a-1.events');
      expect(await scratch.list()).to.deep.equal(['a-1.events', 'a.events', 'from']);
    });
  });

  it('passes over a symbolic link that leads nowhere', async () => {
    await withScratch(async (scratch) => {
      await symlink('nowhere', join(scratch.path, 'a.events'));
      expect(await take(scratch)).to.equal('a-1.events');
    });
  });
});
