import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import type { OpenFile } from '../../../lib/files/file-layer.js';
import { ArchivePath } from '../../../lib/writing/sink/archive-path.js';
import { disksAfterCuts } from '../../support/each-power-cut.js';
import { PowerDisk } from '../../support/power-disk.js';
import { rejection } from '../../support/store-tools.js';
import { systemError, TestDisk } from '../../support/test-disk.js';

const NAME = 'a.events';

describe('ArchivePath', () => {
  let parent: string;
  let directory: string;
  let disk: TestDisk;
  let archivePath: ArchivePath;
  let file: OpenFile;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'shoebox-path-'));
    directory = join(parent, 'spool');
    disk = new TestDisk();
    await disk.files.mkdir(directory);
    ({ file, path: archivePath } = await ArchivePath.create(directory, NAME, disk.files));
  });

  afterEach(async () => {
    await file.close();
    await archivePath.release();
    expect(disk.openFiles).to.equal(0);
    await rm(parent, { recursive: true });
  });

  const names = async () => (await readdir(directory)).sort();

  it('creates a file with a lease under the first name that is free in every state', async () => {
    expect(await names()).to.deep.equal(['a.events.open', 'a.events.open.lock']);
    await writeFile(join(directory, 'a-1.events'), '');
    await writeFile(join(directory, 'a-2.events.stale'), '');
    await writeFile(join(directory, 'a-3.events.open'), '');
    await writeFile(join(directory, 'a-4.events.open.lock'), '');
    const next = await ArchivePath.create(directory, NAME, disk.files);
    expect(next.path.name).to.equal('a-5.events');
    await next.file.close();
    await next.path.release();
    expect(await names()).to.not.include('a-5.events.open.lock');
    // No lease is left beside an archive that was open already.
    expect(await names()).to.not.include('a-3.events.open.lock');
  });

  it('leaves no lease if the file cannot be created', async () => {
    disk.hook = (call, path) => {
      if (call === 'open' && path.endsWith('.open')) throw systemError('ENOSPC', call);
    };
    const error = await rejection(ArchivePath.create(directory, 'b.events', disk.files));
    expect(error).to.have.property('code', 'ENOSPC');
    expect(await names()).to.deep.equal(['a.events.open', 'a.events.open.lock']);
  });

  it('distinguishes a file that was taken from one that was moved, and from a directory that is gone or replaced', async () => {
    await archivePath.check();
    const lease = `${archivePath.openPath}.lock`;
    await rename(archivePath.openPath, `${archivePath.openPath}.other`);
    const moved = await rejection(archivePath.check());
    expect(moved).to.include({ fault: 'suspect', code: 'ERR_ARCHIVE_CHANGED' });
    await writeFile(archivePath.openPath, 'of another');
    expect(await rejection(archivePath.check())).to.have.property('fault', 'suspect');
    // A recoverer takes the lease first.
    await rename(lease, `${lease}.own`);
    await writeFile(lease, 'of another');
    const taken = await rejection(archivePath.check());
    expect(taken).to.include({ fault: 'taken', code: 'ERR_LEASE_LOST' });
    await rename(`${lease}.own`, lease);
    await rename(directory, join(parent, 'away'));
    expect(await rejection(archivePath.check())).to.have.property('code', 'ENOENT');
    await disk.files.mkdir(directory);
    expect(await rejection(archivePath.check())).to.have.property('fault', 'suspect');
    await rm(directory, { recursive: true });
    await rename(join(parent, 'away'), directory);
  });

  it('moves to the first free name, even if a call fails after its work is done', async () => {
    await writeFile(join(directory, NAME), '');
    disk.failsDone = true;
    let failures = 0;
    disk.hook = (call) => {
      if (call === 'link' && ++failures === 2) throw systemError('EIO', call);
    };
    expect(await archivePath.moveTo(NAME)).to.equal('a-1.events');
    expect(await archivePath.moveTo(NAME)).to.equal('a-1.events');
    expect(failures).to.equal(2);
    expect(await names()).to.deep.equal(['a-1.events', 'a.events', 'a.events.open.lock']);
  });

  it('moves and removes nothing after it has lost its file or given its lease back', async () => {
    await rename(archivePath.openPath, join(directory, 'taken'));
    await writeFile(archivePath.openPath, 'of another');
    await archivePath.remove();
    await archivePath.moveAside('.suspect');
    expect(await names()).to.deep.equal(['a.events.open', 'a.events.open.lock', 'taken']);
    await rename(join(directory, 'taken'), archivePath.openPath);
    await archivePath.release();
    await archivePath.remove();
    await archivePath.moveAside('.suspect');
    expect(await names()).to.deep.equal(['a.events.open']);
  });

  it('syncs its name once', async () => {
    await archivePath.syncName();
    await archivePath.syncName();
    expect(disk.calls.filter((call) => call === 'syncDirectory')).to.have.length(1);
  });

  for (const suffix of ['', '.suspect']) {
    it(`keeps the file under a name when the power fails while it is moved to NAME${suffix}`, async () => {
      const power = new PowerDisk();
      power.makeLastingDirectory('/disk');
      const created = await ArchivePath.create('/disk', NAME, power.files);
      await created.file.write(Buffer.from('archive'), 0, 7, 0);
      await created.file.sync();
      await created.path.syncName();
      const cuts = await disksAfterCuts(power, () => created.path.moveTo(NAME, suffix));
      for (const { disk: left, what } of cuts) {
        const found = left.paths().filter((path) => !path.endsWith('.lock'));
        expect(found, what).to.not.have.length(0);
        for (const path of found) expect(left.content(path).toString(), what).to.equal('archive');
      }
      await created.path.release();
    });
  }
});
