import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveReader, createArchiveWriter } from '../../lib/index.js';
import { encodePart, numbered, TemporaryDirectories } from '../support/series.js';
import { MIB } from '../support/store-tools.js';

describe('a file system that is full', () => {
  const directories = new TemporaryDirectories();
  let disk: string;
  let isMounted = false;

  beforeEach(async function () {
    disk = await directories.make();
    // The directory itself, three archives and the filling; so there is no name left either.
    const options = 'size=4m,nr_inodes=5';
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]);
    isMounted = status === 0;
    if (isMounted) return;
    const test = this.currentTest;
    if (test) test.title += ' (not tried: mounting is not allowed here)';
    this.skip();
  });

  afterEach(async () => {
    if (isMounted) spawnSync('umount', [disk]);
    await directories.remove();
  });

  /** Writes until there is room for no other byte. */
  function fill(path: string): void {
    const file = openSync(path, 'w');
    for (let bytes = MIB; bytes >= 1; ) {
      try {
        writeSync(file, Buffer.alloc(bytes, 1));
      } catch (error) {
        expect(error).to.have.property('code', 'ENOSPC');
        bytes = Math.floor(bytes / 2);
      }
    }
    closeSync(file);
  }

  it('drains, since shipping needs no room: no journal, no lease, no temporary file', async () => {
    const to = await directories.make();
    for (let i = 0; i < 3; i++) {
      const bytes = encodePart(numbered(`${i}`, 1000), { sequence: 1000 * i });
      await writeFile(join(disk, `x_${i}.events`), bytes);
    }
    fill(join(disk, 'filling'));
    await expectFull();
    const writer = createArchiveWriter({
      directory: disk,
      template: 'x_[[SEQUENCE]].events',
      ship: { to },
    });
    const failed: unknown[] = [];
    writer.on('failed', ({ error }) => failed.push(error));
    expect(await writer.close()).to.deep.equal({ shipped: 3, left: [] });
    expect([failed, readdirSync(disk)]).to.deep.equal([[], ['filling']]);
    const records = await createArchiveReader(to).toArray();
    const expected = [0, 1, 2].flatMap((i) => numbered(`${i}`, 1000));
    expect(records.map((record) => record.text())).to.deep.equal(expected);
  });

  async function expectFull(): Promise<void> {
    for (const name of ['x_0.events.journal', 'another']) {
      const outcome = await writeFile(join(disk, name), 'x').catch((error) => error.code);
      expect(outcome).to.equal('ENOSPC');
    }
  }
});
