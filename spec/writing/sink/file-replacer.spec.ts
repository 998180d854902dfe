import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { ArchiveFile, type FileMark } from '../../../lib/writing/sink/archive-file.js';
import { DiskFigures } from '../../../lib/writing/sink/disk-figures.js';
import { FileReplacer } from '../../../lib/writing/sink/file-replacer.js';
import { killHashingThread } from '../../support/kill-hashing-thread.js';
import { rejection } from '../../support/store-tools.js';
import { systemError, TestDisk } from '../../support/test-disk.js';

const NAME = 'a.events';

describe('FileReplacer', () => {
  let directory: string;
  let disk: TestDisk;
  let old: ArchiveFile;
  const figures = new DiskFigures();
  let replacer: FileReplacer;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-replacer-'));
    disk = new TestDisk();
    old = await ArchiveFile.create(directory, NAME, disk.files, figures);
    replacer = new FileReplacer(directory, NAME, disk.files, figures);
  });

  afterEach(async () => {
    await old.leave();
    expect(disk.openFiles).to.equal(0);
    await rm(directory, { recursive: true });
  });

  const synced = Buffer.alloc(2_500_000, 'synced\n');
  const unsynced = [Buffer.from('not\n'), Buffer.from('yet\n')];

  /** Writes and syncs the first bytes of the old file, then writes more. */
  async function fill(
    beforeMark = async (): Promise<void> => {},
  ): Promise<Record<'synced' | 'written', FileMark>> {
    await old.append(synced);
    await beforeMark();
    await old.datasync();
    const mark = old.mark();
    for (const piece of unsynced) await old.append(piece);
    return { synced: mark, written: old.mark() };
  }

  async function failSync(): Promise<void> {
    disk.hook = (call) => {
      if (call === 'datasync') throw systemError('EIO', call);
    };
    await rejection(old.datasync());
    disk.hook = () => undefined;
  }

  async function contentOf(file: ArchiveFile): Promise<string> {
    await file.leave();
    return await readFile(file.openPath, 'utf8');
  }

  it('copies the synced bytes of a suspect file, and writes the others from memory', async () => {
    const marks = await fill();
    await failSync();
    // A system may drop the pages that it could not write.
    await writeFile(old.openPath, synced);
    const file = await replacer.replace(old, { ...marks, unsynced });
    expect(file.name).to.equal('a-1.events');
    expect((await contentOf(file)) === `${synced}not\nyet\n`).to.equal(true);
  });

  it('copies all bytes of a suspect file, if none of them are in memory', async () => {
    const marks = await fill();
    await failSync();
    const file = await replacer.replace(old, { ...marks, unsynced: null });
    expect((await contentOf(file)) === `${synced}not\nyet\n`).to.equal(true);
  });

  it('writes only the bytes that were not synced of a file that was taken', async () => {
    const marks = await fill();
    await rename(old.openPath, old.openPath.replace('.open', '.stale'));
    await rejection(old.datasync());
    expect(old.fault).to.equal('taken');
    const file = await replacer.replace(old, { ...marks, unsynced });
    expect(await contentOf(file)).to.equal('not\nyet\n');
  });

  for (const what of ['is not what was written', 'cannot be compared, since its digest is lost']) {
    it(`leaves a file to recovery whose synced part ${what}`, async () => {
      const isLost = what !== 'is not what was written';
      const marks = await fill(isLost ? killHashingThread : undefined);
      await failSync();
      if (!isLost) await writeFile(old.openPath, Buffer.from(synced).fill(0, 1000, 1001));
      const error = await rejection(replacer.replace(old, { ...marks, unsynced }));
      expect(error).to.have.property('fault', 'unreadable');
      expect(old.fault).to.equal('unreadable');
      expect(await readdir(directory)).to.deep.equal(['a.events.open', 'a.events.open.lock']);
      const file = await replacer.replace(old, { ...marks, unsynced });
      expect(await contentOf(file)).to.equal('not\nyet\n');
    });
  }

  it('leaves no file of a failed attempt, even if it cannot be removed at once', async () => {
    const marks = await fill();
    await failSync();
    let isBroken = true;
    disk.hook = (call, path) => {
      if (isBroken && (call === 'write' || call === 'unlink') && path !== old.openPath) {
        throw systemError('EIO', call);
      }
    };
    expect(await rejection(replacer.replace(old, { ...marks, unsynced }))).to.have.property(
      'code',
      'EIO',
    );
    expect(await rejection(replacer.replace(old, { ...marks, unsynced }))).to.have.property(
      'code',
      'EIO',
    );
    isBroken = false;
    const file = await replacer.replace(old, { ...marks, unsynced });
    expect((await contentOf(file)) === `${synced}not\nyet\n`).to.equal(true);
    const left = (await readdir(directory)).filter((name) => name.endsWith('.open'));
    expect(left.sort()).to.deep.equal(['a.events.open', `${file.name}.open`].sort());
  });
});
