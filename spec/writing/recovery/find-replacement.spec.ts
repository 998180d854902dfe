import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer } from '../../../lib/files/file-layer.js';
import { verifyArchives } from '../../../lib/reading/verifying/verify-archives.js';
import { ArchiveTemplate } from '../../../lib/series/names/archive-template.js';
import { recoverArchive } from '../../../lib/writing/recovery/recover-archive.js';
import { sealArchive } from '../../support/damaged-archive.js';
import { encodeJsonLines } from '../../support/encode-archive.js';
import { withScratch } from '../../support/scratch-directory.js';

const TEMPLATE = new ArchiveTemplate('x_[[SEQUENCE]].events');
const WHOLE = sealArchive([[{ payload: 'a' }], [{ payload: 'b' }]]).bytes;
const FIRST = sealArchive([[{ payload: 'a' }]]).bytes;
const OTHER = sealArchive([[{ payload: 'c' }]]).bytes;

describe('an open file that its writer had replaced, and not set aside, when it died', () => {
  for (const [what, open] of [
    ['whose last block is torn', WHOLE.subarray(0, -200)],
    ['with all blocks', WHOLE],
    ['with its first block', FIRST],
  ] as const) {
    it(`is set aside (${what}), beside the sealed archive that has all of it`, async () => {
      await withScratch(async (scratch) => {
        await scratch.put('x_0-1.events', WHOLE);
        await scratch.put('x_0.events.open', open);
        const base = join(scratch.path, 'x_0.events');
        expect(await recoverArchive(base, TEMPLATE, nodeFileLayer)).to.equal(null);
        const left = (await scratch.list()).filter((name) => !name.includes('.torn-'));
        expect(left).to.deep.equal(['x_0-1.events', 'x_0.events.suspect']);
        expect((await readFile(join(scratch.path, 'x_0-1.events'))).equals(WHOLE)).to.equal(true);
        const { problems } = await verifyArchives(join(scratch.path, '*.events'));
        expect(problems.filter(({ kind }) => kind !== 'unfinished')).to.deep.equal([]);
      });
    });
  }

  it('is sealed if no archive has all of it', async () => {
    await withScratch(async (scratch) => {
      await scratch.put('x_0-1.events', FIRST);
      await scratch.put('x_0-2.events', OTHER);
      await scratch.put('x_0.events.open', WHOLE);
      const base = join(scratch.path, 'x_0.events');
      expect(await recoverArchive(base, TEMPLATE, nodeFileLayer)).to.include({ records: 2 });
      expect(await scratch.list()).to.deep.equal(['x_0-1.events', 'x_0-2.events', 'x_0.events']);
    });
  });

  it('is sealed if its records have no identity', async () => {
    await withScratch(async (scratch) => {
      const lines = encodeJsonLines(['{"n":1}']);
      await scratch.put('x_0-1.events', lines);
      await scratch.put('x_0.events.open', lines);
      const base = join(scratch.path, 'x_0.events');
      expect(await recoverArchive(base, TEMPLATE, nodeFileLayer)).to.include({ records: 1 });
    });
  });
});
