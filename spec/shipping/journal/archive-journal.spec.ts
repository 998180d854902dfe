import { readdirSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer } from '../../../lib/files/file-layer.js';
import { ArchiveJournal } from '../../../lib/shipping/journal/archive-journal.js';
import { encodeJournal } from '../../../lib/shipping/journal/journal-entry.js';
import { disksAfterCuts } from '../../support/each-power-cut.js';
import { ENTRIES } from '../../support/journals.js';
import { PowerDisk } from '../../support/power-disk.js';
import { TemporaryDirectories } from '../../support/series.js';
import { rejection } from '../../support/store-tools.js';
import { systemError, TestDisk } from '../../support/test-disk.js';

const [SEALED = expect.fail(), , , VERIFIED = expect.fail()] = ENTRIES;

describe('ArchiveJournal', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let archive: string;

  beforeEach(async () => {
    directory = await directories.make();
    archive = join(directory, 'a.events');
  });

  afterEach(() => directories.remove());

  it('reads the entry that was written last, or null', async () => {
    const journal = new ArchiveJournal(archive, nodeFileLayer);
    expect(await journal.read()).to.equal(null);
    for (const entry of ENTRIES) {
      await journal.write(entry);
      expect(await new ArchiveJournal(archive, nodeFileLayer).read()).to.deep.equal(entry);
    }
    expect(readdirSync(directory)).to.deep.equal(['a.events.journal']);
    await journal.remove();
    await journal.remove();
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it('sets a damaged journal aside once, whichever of many readers comes first', async () => {
    await writeFile(`${archive}.journal`, 'damaged');
    const readers = Array.from({ length: 20 }, () => new ArchiveJournal(archive, nodeFileLayer));
    const entries = await Promise.all(readers.map((journal) => journal.read()));
    expect(new Set(entries)).to.deep.equal(new Set([null]));
    expect(readdirSync(directory)).to.deep.equal(['a.events.damaged-1.journal']);
  });

  it('syncs a new file, renames it over the old one, and syncs the directory', async () => {
    const disk = new TestDisk();
    await new ArchiveJournal(archive, disk.files).write(SEALED);
    expect(disk.calls).to.deep.equal(['open', 'write', 'sync', 'close', 'rename', 'syncDirectory']);
  });

  it('keeps the previous entry if a system call fails, and leaves no other file', async () => {
    await new ArchiveJournal(archive, nodeFileLayer).write(SEALED);
    for (const failing of ['open', 'write', 'sync', 'close', 'rename']) {
      const failure = systemError('ENOSPC', failing);
      const disk = new TestDisk((call) => {
        if (call === failing) throw failure;
      });
      const journal = new ArchiveJournal(archive, disk.files);
      expect(await rejection(journal.write(VERIFIED)), failing).to.equal(failure);
      expect(await new ArchiveJournal(archive, nodeFileLayer).read()).to.deep.equal(SEALED);
      expect(readdirSync(directory)).to.deep.equal(['a.events.journal']);
    }
  });

  it('writes again if the sweep of another process has deleted the temporary file', async () => {
    let sweeps = 2;
    const disk = new TestDisk(async (call) => {
      if (call !== 'rename' || sweeps-- <= 0) return;
      for (const name of readdirSync(directory)) await rm(join(directory, name));
    });
    await new ArchiveJournal(archive, disk.files).write(SEALED);
    expect(await new ArchiveJournal(archive, nodeFileLayer).read()).to.deep.equal(SEALED);
  });

  it('fails after three attempts if the directory is gone', async () => {
    const journal = new ArchiveJournal(join(directory, 'no', 'a.events'), nodeFileLayer);
    expect(await rejection(journal.write(SEALED))).to.have.property('code', 'ENOENT');
  });

  it('renames a damaged journal to a name that is free', async () => {
    const journal = new ArchiveJournal(archive, nodeFileLayer);
    const damaged = encodeJournal(SEALED).subarray(0, -1);
    for (const n of [1, 2]) {
      await writeFile(`${archive}.journal`, damaged);
      expect(await journal.read()).to.equal(null);
      expect((await readFile(`${archive}.damaged-${n}.journal`)).equals(damaged)).to.equal(true);
    }
    await writeFile(`${archive}.journal`, Buffer.alloc(200_000, 'x'));
    expect(await journal.read()).to.equal(null);
    expect(readdirSync(directory)).to.deep.equal(
      [1, 2, 3].map((n) => `a.events.damaged-${n}.journal`),
    );
  });

  it('keeps a damaged journal under a name when the power fails while it is renamed', async () => {
    const disk = new PowerDisk();
    disk.makeLastingDirectory('/disk');
    const file = await disk.files.open('/disk/a.events.journal', 'wx');
    await file.write(Buffer.from('damaged'), 0, 7, 0);
    await file.sync();
    await disk.files.syncDirectory('/disk');
    const journal = new ArchiveJournal('/disk/a.events', disk.files);
    for (const { disk: left, what } of await disksAfterCuts(disk, () => journal.read())) {
      expect(left.paths(), what).to.not.have.length(0);
    }
    expect(disk.paths()).to.deep.equal(['/disk/a.events.damaged-1.journal']);
  });
});
