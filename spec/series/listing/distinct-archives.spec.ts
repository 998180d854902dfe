import { link, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { nodeFileLayer } from '../../../lib/files/file-layer.js';
import { createArchiveReader } from '../../../lib/reading/rolling-read-stream.js';
import {
  leaveOutCopies,
  leaveOutLinkedTwins,
} from '../../../lib/series/listing/distinct-archives.js';
import { LocalArchive } from '../../../lib/series/opening/local-archive.js';
import { CountingFiles } from '../../support/counting-files.js';
import { encodeJsonLines, encodeVersion1 } from '../../support/encode-archive.js';
import { withScratch } from '../../support/scratch-directory.js';
import { readPayloads, TemporaryDirectories } from '../../support/series.js';

describe('leaveOutCopies', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  async function distinct(
    contents: Readonly<Record<string, string | Buffer>>,
    archives: readonly string[],
  ) {
    const root = await directories.make();
    for (const [name, content] of Object.entries(contents)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), content);
    }
    const files = new CountingFiles();
    const found = archives.map((archive) => new LocalArchive(join(root, archive), files.layer));
    const left = await leaveOutCopies(found);
    const relative = (path: string) => path.slice(root.length + 1);
    return {
      left: left.map(({ path }) => relative(path)),
      opened: files.opened.map(relative),
      files,
    };
  }

  it('leaves out the second of two archives with the same name and content', async () => {
    const { left, files } = await distinct(
      { 'here/a.events': 'text', 'there/a.events.gz': gzipSync('text'), 'there/b.events': 'text' },
      ['here/a.events', 'there/a.events', 'there/b.events'],
    );
    expect(left).to.deep.equal(['here/a.events', 'there/b.events']);
    expect(files).to.include({ open: 0, mostOpen: 1 });
  });

  it('keeps archives of one name whose bytes differ', async () => {
    const archives = ['1/a.events', '2/a.events', '3/a.events'];
    const { left } = await distinct(
      { '1/a.events': 'one', '2/a.events.open': 'one, and more', '3/a.events.gz': gzipSync('one') },
      archives,
    );
    expect(left).to.deep.equal(archives.slice(0, 2));
  });

  it('reads no archive whose name is unique', async () => {
    const { left, opened } = await distinct({}, ['1/a.events', '1/b.events', '2/c.events']);
    expect(left).to.have.length(3);
    expect(opened).to.deep.equal([]);
  });

  it('keeps damaged archives, so that the reader reports them', async () => {
    const torn = gzipSync('text').subarray(0, 15);
    const archives = ['1/a.events', '2/a.events'];
    const contents = { '1/a.events.gz': torn, '2/a.events.gz': torn };
    const { left, files } = await distinct(contents, archives);
    expect(left).to.deep.equal(archives);
    expect(files.open).to.equal(0);
  });
});

describe('leaveOutLinkedTwins', () => {
  it('leaves out the open name of a file that also has a sealed name', async () => {
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

  it('keeps both names of a sealed archive that a user linked', async () => {
    await withScratch(async (scratch) => {
      const one = await scratch.put('a.events', Buffer.from('a'));
      await link(one, join(scratch.path, 'b.events'));
      const archives = [one, join(scratch.path, 'b.events')].map(
        (path) => new LocalArchive(path, nodeFileLayer),
      );
      expect(await leaveOutLinkedTwins(archives)).to.deep.equal(archives);
    });
  });

  it('has the reader read records without a sequence once during sealing', async () => {
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
