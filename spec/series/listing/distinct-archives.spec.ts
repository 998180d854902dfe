import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { leaveOutCopies } from '../../../lib/series/listing/distinct-archives.js';
import { LocalArchive } from '../../../lib/series/opening/found-archive.js';
import { CountingFiles } from '../../support/counting-files.js';
import { TemporaryDirectories } from '../../support/series.js';

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

  it('leaves out the second of two that have one name and the same uncompressed bytes', async () => {
    const { left, files } = await distinct(
      { 'here/a.events': 'text', 'there/a.events.gz': gzipSync('text'), 'there/b.events': 'text' },
      ['here/a.events', 'there/a.events', 'there/b.events'],
    );
    expect(left).to.deep.equal(['here/a.events', 'there/b.events']);
    expect(files).to.include({ open: 0, mostOpen: 1 });
  });

  it('keeps those of one name whose bytes are not the same', async () => {
    const archives = ['1/a.events', '2/a.events', '3/a.events'];
    const { left } = await distinct(
      { '1/a.events': 'one', '2/a.events.open': 'one, and more', '3/a.events.gz': gzipSync('one') },
      archives,
    );
    expect(left).to.deep.equal(archives.slice(0, 2));
  });

  it('reads none whose name no other has', async () => {
    const { left, opened } = await distinct({}, ['1/a.events', '1/b.events', '2/c.events']);
    expect(left).to.have.length(3);
    expect(opened).to.deep.equal([]);
  });

  it('keeps damaged ones, for who reads them to see', async () => {
    const torn = gzipSync('text').subarray(0, 15);
    const archives = ['1/a.events', '2/a.events'];
    const contents = { '1/a.events.gz': torn, '2/a.events.gz': torn };
    const { left, files } = await distinct(contents, archives);
    expect(left).to.deep.equal(archives);
    expect(files.open).to.equal(0);
  });
});
