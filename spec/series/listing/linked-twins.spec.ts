import { link, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer } from '../../../lib/files/file-layer.js';
import { createArchiveReader } from '../../../lib/reading/rolling-read-stream.js';
import { leaveOutLinkedTwins } from '../../../lib/series/listing/linked-twins.js';
import { LocalArchive } from '../../../lib/series/opening/found-archive.js';
import { encodeJsonLines, encodeVersion1 } from '../../support/encode-archive.js';
import { withScratch } from '../../support/scratch-directory.js';
import { readPayloads } from '../../support/series.js';

describe('leaveOutLinkedTwins', () => {
  it('leaves out the open name of a file that has a sealed one', async () => {
    await withScratch(async (scratch) => {
      const sealed = await scratch.put('a_3.events', Buffer.from('a'));
      await link(sealed, join(scratch.path, 'a_[[COUNT]].events.open'));
      await scratch.put('b_1.events', Buffer.from('b'));
      await scratch.put('b_[[COUNT]].events.open', Buffer.from('b'));
      const archives = ['a_[[COUNT]]', 'a_3', 'b_[[COUNT]]', 'b_1', 'gone'].map(
        (name) => new LocalArchive(join(scratch.path, `${name}.events`), nodeFileLayer),
      );
      expect(await leaveOutLinkedTwins(archives)).to.deep.equal(archives.slice(1));
    });
  });

  it('leaves both names of a sealed archive that a user linked', async () => {
    await withScratch(async (scratch) => {
      const one = await scratch.put('a.events', Buffer.from('a'));
      await link(one, join(scratch.path, 'b.events'));
      const archives = [one, join(scratch.path, 'b.events')].map(
        (path) => new LocalArchive(path, nodeFileLayer),
      );
      expect(await leaveOutLinkedTwins(archives)).to.deep.equal(archives);
    });
  });

  it('has records without a sequence read once amid sealing, in every state', async () => {
    for (const bytes of [encodeVersion1(['1', '2']), encodeJsonLines(['1', '2'])]) {
      for (const suffix of ['.open', '.stale']) {
        await withScratch(async (scratch) => {
          const open = join(scratch.path, `x_[[CRC]].events${suffix}`);
          await rename(await scratch.put('written', bytes), open);
          await link(open, join(scratch.path, 'x_abc.events'));
          const { payloads, error } = await readPayloads(createArchiveReader(scratch.path));
          expect(payloads).to.deep.equal(['1', '2']);
          expect(error).to.equal(undefined);
        });
      }
    }
  });
});
