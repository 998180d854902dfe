import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveReader, createArchiveWriter } from '../../lib/index.js';
import { encodeUnsealed, numbered, TemporaryDirectories } from '../support/series.js';
import { SmallDisk, skipForWantOfDisk } from '../support/small-disk.js';

describe('shipping from a full file system', () => {
  const directories = new TemporaryDirectories();
  let disk: SmallDisk | undefined;
  let directory: string;

  beforeEach(async function () {
    // Five inodes: the directory, three archives and the filling. No other file can be created.
    const mounted = await SmallDisk.mount('size=4m,nr_inodes=5');
    if (mounted === null) return skipForWantOfDisk(this);
    disk = mounted;
    directory = mounted.path;
  });

  afterEach(async () => {
    await disk?.unmount();
    await directories.remove();
  });

  it('drains it, with no room for a journal, a lease or a temporary file', async () => {
    const to = await directories.make();
    for (let i = 0; i < 3; i++) {
      const bytes = encodeUnsealed(numbered(`${i}`, 1000), { sequence: 1000 * i });
      await writeFile(join(directory, `x_${i}.events`), bytes);
    }
    disk?.fill(join(directory, 'filling'));
    await expectFull();
    const writer = createArchiveWriter({
      directory,
      template: 'x_[[SEQUENCE]].events',
      ship: { to },
    });
    const failed: unknown[] = [];
    writer.on('failed', ({ error }) => failed.push(error));
    expect(await writer.close()).to.deep.equal({ shipped: 3, left: [] });
    expect([failed, readdirSync(directory)]).to.deep.equal([[], ['filling']]);
    const records = await createArchiveReader(to).toArray();
    const expected = [0, 1, 2].flatMap((i) => numbered(`${i}`, 1000));
    expect(records.map((record) => record.text())).to.deep.equal(expected);
  });

  async function expectFull(): Promise<void> {
    for (const name of ['x_0.events.journal', 'another']) {
      const outcome = await writeFile(join(directory, name), 'x').catch((error) => error.code);
      expect(outcome).to.equal('ENOSPC');
    }
  }
});
