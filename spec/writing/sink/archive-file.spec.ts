import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { ArchiveFile } from '../../../lib/writing/sink/archive-file.js';
import { DiskFigures } from '../../../lib/writing/sink/disk-figures.js';
import { rejection } from '../../support/store-tools.js';
import { systemError, TestDisk } from '../../support/test-disk.js';

const NAME = 'a.events';

describe('ArchiveFile', () => {
  let directory: string;
  let disk: TestDisk;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-file-'));
    disk = new TestDisk();
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const create = () => ArchiveFile.create(directory, NAME, disk.files, new DiskFigures());

  /** Makes every call of one kind fail while `go` runs. */
  async function failing(failed: string, go: () => Promise<unknown>): Promise<unknown> {
    disk.hook = (call) => {
      if (call === failed) throw systemError('EIO', call);
    };
    const error = await rejection(go());
    disk.hook = () => {};
    return error;
  }

  for (const how of ['setAside', 'discard'] as const) {
    it(`leaves alone a new file under its old name when ${how} is called again`, async () => {
      const first = await create();
      await first.append(Buffer.from('{}\n'));
      await failing('datasync', () => first.datasync());
      expect(first.fault).to.equal('suspect');
      expect(await failing('close', () => first[how]())).to.have.property('code', 'EIO');
      const next = await create();
      expect(next.openPath).to.equal(first.openPath);
      await first[how]();
      expect(await readdir(directory)).to.include(`${NAME}.open`);
      await next.datasync();
      await next.leave();
      expect(disk.openFiles).to.equal(0);
    });
  }

  it('is suspect after any failed sync', async () => {
    for (const [call, go] of [
      ['datasync', (file: ArchiveFile) => file.datasync()],
      ['sync', (file: ArchiveFile) => file.finish()],
    ] as const) {
      const file = await create();
      await failing(call, () => go(file));
      expect(file.fault).to.equal('suspect');
      await file.discard();
    }
  });

  it('is not finished before its name is synced', async () => {
    const file = await create();
    await file.append(Buffer.from('{}\n'));
    expect(await failing('syncDirectory', () => file.finish())).to.have.property('code', 'EIO');
    await file.finish();
    expect(file.fault).to.equal(null);
    expect(await file.takeName(NAME)).to.equal(NAME);
    expect(await readdir(directory)).to.deep.equal([NAME]);
  });
});
