import { mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { JsonLinesEncoder } from '../../../lib/codec/json-lines/json-lines-encoder.js';
import { type FileLayer, nodeFileLayer, type OpenFile } from '../../../lib/files/file-layer.js';
import { ArchiveDraft } from '../../../lib/writing/receipts/archive-draft.js';
import { ArchiveSink, type SealSteps } from '../../../lib/writing/sink/archive-sink.js';
import { DiskFigures } from '../../../lib/writing/sink/disk-figures.js';
import { DiskRetry } from '../../../lib/writing/sink/disk-retry.js';
import { UnsyncedMemory } from '../../../lib/writing/sink/unsynced-memory.js';
import { FakeClock } from '../../support/fake-clock.js';
import { passTime } from '../../support/pass-time.js';
import { everyNth } from '../../support/sampled.js';
import { systemError, TestDisk } from '../../support/test-disk.js';
import { withFile } from '../../support/with-file.js';

const lineOf = (n: number) => `{"n":${n}}\n`;

/** More ticks than there are between a system call and its caller. */
const MOST_TICKS = 20;

describe('ArchiveSink', () => {
  let directory: string;
  let clock: FakeClock;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-durable-'));
    clock = new FakeClock();
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  let draft: ArchiveDraft;

  async function create(files: FileLayer): Promise<ArchiveSink> {
    const encoder = new JsonLinesEncoder({ maxRecordBytes: 1000, slabBytes: 1000 });
    draft = new ArchiveDraft(0, encoder);
    draft.name = 'a.jsonl';
    const retry = new DiskRetry(clock, { onStalled: () => {}, onResumed: () => {} });
    const memory = new UnsyncedMemory(2 ** 20, () => {});
    const figures = new DiskFigures();
    const sinks = { directory, files, retry, figures, memory };
    const options = { ...sinks, keepsUnsynced: true, onLost: () => {} };
    return await ArchiveSink.create(draft, options, (error) => error);
  }

  it('writes no record twice after a failed sync, whenever the previous sync began', async () => {
    for (let ticks = 0; ticks < MOST_TICKS; ticks += everyNth(3)) {
      let onWritten = () => {};
      let syncsToFail = 0;
      const files = withFile((file: OpenFile) => ({
        write: async (...args) => {
          const result = await file.write(...args);
          onWritten();
          return result;
        },
        datasync: async () => {
          if (syncsToFail-- > 0) throw systemError('EIO', 'fdatasync');
          await file.datasync();
        },
      }));
      const archive = await create(files);
      let syncing: Promise<void> | undefined;
      onWritten = () => {
        onWritten = () => {};
        syncing = (async () => {
          for (let tick = 0; tick < ticks; tick++) await null;
          await archive.datasync();
        })();
      };
      await archive.append(Buffer.from(lineOf(1)), 1);
      await syncing;
      await archive.append(Buffer.from(lineOf(2)), 2);
      syncsToFail = 1;
      await passTime(clock, archive.datasync());
      const text = await readFile(archive.file.openPath, 'utf8');
      expect(text, `after ${ticks} ticks`).to.equal(lineOf(1) + lineOf(2));
      await archive.abandon();
    }
  });

  /** Has the sink append line `n` as its nth record. */
  const append = (archive: ArchiveSink, n: number) =>
    passTime(clock, archive.append(Buffer.from(lineOf(n)), n));

  const read = (name: string) => readFile(join(directory, name), 'utf8');

  /** The steps of a seal without an index, or with this one. */
  function stepsOf(index: Buffer | null = null): SealSteps & { syncs: number } {
    const steps = {
      syncs: 0,
      index: async () => index,
      name: async () => 'sealed.jsonl',
      onSynced: () => {
        steps.syncs++;
      },
    };
    return steps;
  }

  it('seals the archive under its final name, after it is synced', async () => {
    const archive = await create(nodeFileLayer);
    await append(archive, 1);
    const steps = stepsOf(Buffer.from('index\n'));
    expect(await archive.seal(steps)).to.equal('sealed.jsonl');
    expect(steps.syncs).to.equal(1);
    expect(await readdir(directory)).to.deep.equal(['sealed.jsonl']);
    expect(await read('sealed.jsonl')).to.equal(`${lineOf(1)}index\n`);
  });

  it('seals without an index if only that does not fit on the disk', async () => {
    const disk = new TestDisk();
    const archive = await create(disk.files);
    await append(archive, 1);
    disk.hook = (call) => {
      if (call === 'write') throw systemError('ENOSPC', call);
    };
    expect(await archive.seal(stepsOf(Buffer.from('index\n')))).to.equal('sealed.jsonl');
    expect(await read('sealed.jsonl')).to.equal(lineOf(1));
    expect(disk.openFiles).to.equal(0);
  });

  it('replaces a suspect file by one with all records, and sets it aside', async () => {
    const disk = new TestDisk();
    const archive = await create(disk.files);
    await append(archive, 1);
    await archive.datasync();
    await append(archive, 2);
    let failures = 1;
    disk.hook = (call) => {
      if (call === 'datasync' && failures-- > 0) throw systemError('EIO', call);
    };
    await passTime(clock, archive.datasync());
    expect(archive.missing).to.deep.equal({ bytes: 0, records: 0, archives: 0 });
    expect(await passTime(clock, archive.seal(stepsOf()))).to.equal('sealed.jsonl');
    expect(await read('sealed.jsonl')).to.equal(lineOf(1) + lineOf(2));
    expect(await readdir(directory)).to.have.members(['a.jsonl.suspect', 'sealed.jsonl']);
    expect(disk.openFiles).to.equal(0);
  });

  it('continues in a new file after the synced records of a file that was taken', async () => {
    const disk = new TestDisk();
    const archive = await create(disk.files);
    await append(archive, 1);
    await archive.datasync();
    await append(archive, 2);
    const lost = draft.progress.reached('sealed', 0, (name) => name).catch((error) => error);
    await rename(archive.file.openPath, join(directory, 'a.jsonl.stale'));
    await passTime(clock, archive.datasync());
    expect(archive.missing).to.deep.equal({ bytes: lineOf(1).length, records: 1, archives: 1 });
    expect(await lost).to.have.property('code', 'ERR_LEASE_LOST');
    expect(await archive.seal(stepsOf())).to.equal('sealed.jsonl');
    expect(await read('sealed.jsonl')).to.equal(lineOf(2));
    expect(await readdir(directory)).to.have.members(['a.jsonl.stale', 'sealed.jsonl']);
    expect(disk.openFiles).to.equal(0);
  });

  it('seals nothing if a file with all records was taken', async () => {
    const disk = new TestDisk();
    const archive = await create(disk.files);
    await append(archive, 1);
    await archive.datasync();
    await rename(archive.file.openPath, join(directory, 'a.jsonl.stale'));
    expect(await passTime(clock, archive.seal(stepsOf()))).to.equal(null);
    expect(archive.missing).to.deep.equal({ bytes: lineOf(1).length, records: 1, archives: 1 });
    expect(await readdir(directory)).to.deep.equal(['a.jsonl.stale']);
    expect(disk.openFiles).to.equal(0);
  });

  it('leaves the open file when it is abandoned, and removes an empty one', async () => {
    const disk = new TestDisk();
    const archive = await create(disk.files);
    await append(archive, 1);
    const empty = await create(disk.files);
    await archive.abandon();
    await empty.abandon();
    expect(await readdir(directory)).to.deep.equal(['a.jsonl.open']);
    expect(disk.openFiles).to.equal(0);
  });
});
