import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { DirectoryError } from '../../../lib/errors/directory-error.js';
import { nodeFileLayer } from '../../../lib/files/file-layer.js';
import { ArchiveTemplate } from '../../../lib/series/names/archive-template.js';
import { ArchiveDraft } from '../../../lib/writing/receipts/archive-draft.js';
import { DirectoryRecovery } from '../../../lib/writing/recovery/directory-recovery.js';
import { ArchiveSealer } from '../../../lib/writing/rolling/archive-sealer.js';
import { SinkQueue, type SinkQueueOptions } from '../../../lib/writing/rolling/sink-queue.js';
import { DiskFigures } from '../../../lib/writing/sink/disk-figures.js';
import { DiskRetry } from '../../../lib/writing/sink/disk-retry.js';
import { SlabKeeper } from '../../../lib/writing/sink/slab-keeper.js';
import { createBlockBuilder, NOW_MICROS, WRITER_ID } from '../../support/encode-archive.js';
import { FakeClock } from '../../support/fake-clock.js';
import { passTime } from '../../support/pass-time.js';
import { rejection } from '../../support/store-tools.js';
import { Gate, systemError, TestDisk } from '../../support/test-disk.js';
import { until } from '../../support/until.js';
import { payloadsOf } from '../../support/writer-tools.js';

const KIB = 2 ** 10;

/** Archives that may wait for their seals while the next one is written. */
const MAX_SEALS_WAITING = 4;

describe('SinkQueue', () => {
  let directory: string;
  let disk: TestDisk;
  let clock: FakeClock;
  let queue: SinkQueue;
  let events: string[];
  let failures: unknown[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-sinks-'));
    disk = new TestDisk();
    clock = new FakeClock();
    events = [];
    failures = [];
    queue = create();
  });

  afterEach(async () => {
    await queue.close();
    expect(disk.openFiles).to.equal(0);
    await rm(directory, { recursive: true, force: true });
  });

  function create(options: Partial<SinkQueueOptions> = {}): SinkQueue {
    const template = new ArchiveTemplate('[[SEQUENCE]].events');
    return new SinkQueue({
      directory,
      files: disk.files,
      sealer: new ArchiveSealer({ directory, template, format: 'v2', writerId: WRITER_ID }),
      writer: WRITER_ID.toString('hex'),
      syncMode: 'no',
      maxUnsyncedBytes: 16 * KIB * KIB,
      clock,
      retry: new DiskRetry(clock, {
        onStalled: ({ operation }) => events.push(`stalled ${operation}`),
        onResumed: ({ operation }) => events.push(`resumed ${operation}`),
      }),
      figures: new DiskFigures(),
      ready: Promise.resolve(),
      slabs: new SlabKeeper(KIB),
      listener: {
        onBegin: () => {},
        onOpened: ({ name, ordinal }) => events.push(`open ${ordinal} ${name}`),
        onSealed: ({ name, records }) => events.push(`sealed ${name} of ${records}`),
        onLost: () => {},
        onTakenOver: ({ name }) => events.push(`taken over ${name}`),
        onFailure: (error) => failures.push(error),
      },
      onProgress: () => {},
      ...options,
    });
  }

  /** An archive that is filled by the spec, a block a call. */
  function createArchive(ordinal: number) {
    const encoder = createBlockBuilder({});
    const draft = new ArchiveDraft(ordinal, encoder);
    draft.name = `${ordinal}.events`;
    let offset = 0;
    const block = (payload: string) => {
      encoder.add(payload, NOW_MICROS);
      encoder.finishBlock();
      const bytes = encoder.take();
      const time = { earliestMicros: NOW_MICROS, latestMicros: NOW_MICROS };
      draft.index.add({
        flags: 0,
        bytes: bytes.length,
        records: 1,
        sequence: draft.records,
        ...time,
      });
      draft.count(NOW_MICROS, clock.now());
      offset += bytes.length;
      draft.encodedBytes = offset;
      return bytes;
    };
    return {
      draft,
      write(payload: string, completed: Promise<void> | null = null): void {
        queue.write({ draft, bytes: block(payload), completed, records: draft.records, end: null });
      },
      complete(payload: string): void {
        const bytes = block(payload);
        const end = { nextSequence: draft.records, writerEnded: false };
        queue.write({ draft, bytes, completed: null, records: draft.records, end });
      },
    };
  }

  const hasReached = ({ draft }: { draft: ArchiveDraft }, level: 'written' | 'synced' | 'sealed') =>
    Array.from({ length: draft.records }, (_, n) => draft.progress.hasReached(level, n));

  /** Gives the disk time to do its work. */
  async function settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await readdir(directory);
  }

  /**
   * Another process, for which time passes while this one stands still, recovers the open archives.
   */
  async function takeOver(): Promise<void> {
    const otherClock = new FakeClock();
    const recovered = new Promise<unknown>((resolve, reject) => {
      const recovery = new DirectoryRecovery({
        directory,
        template: new ArchiveTemplate('[[SEQUENCE]].events'),
        files: nodeFileLayer,
        clock: otherClock,
        signal: new AbortController().signal,
        onRecovered: resolve,
        onFailed: ({ error }) => reject(error),
      });
      recovery.start().catch(reject);
    });
    await passTime(otherClock, recovered);
  }

  describe('writing', () => {
    it('creates a file for the first bytes of an archive, and appends the rest', async () => {
      const archive = createArchive(0);
      for (const payload of ['a', 'b', 'c']) archive.write(payload);
      await queue.idle();
      expect(events).to.deep.equal(['open 0 0.events']);
      expect(hasReached(archive, 'written')).to.deep.equal([true, true, true]);
      expect(hasReached(archive, 'synced')).to.deep.equal([false, false, false]);
      expect(await payloadsOf(join(directory, '0.events.open'))).to.deep.equal(['a', 'b', 'c']);
    });

    it('creates no file before it may', async () => {
      const gate = new Gate();
      queue = create({ ready: gate.pass() });
      createArchive(0).write('a');
      await settle();
      expect(events).to.deep.equal([]);
      gate.open();
      await queue.idle();
      expect(events).to.deep.equal(['open 0 0.events']);
    });

    it('makes one write at a time, and says how many bytes wait', async () => {
      const gate = new Gate();
      disk.hook = (call) => (call === 'write' ? gate.pass() : undefined);
      const archive = createArchive(0);
      expect(queue.isBusy).to.equal(false);
      archive.write('a');
      expect([queue.isBusy, queue.hasWaiting, queue.waitingBytes]).to.deep.equal([true, false, 0]);
      const before = archive.draft.encodedBytes;
      archive.write('b');
      archive.write('c');
      expect([queue.isBusy, queue.hasWaiting]).to.deep.equal([true, true]);
      expect(queue.waitingBytes).to.equal(archive.draft.encodedBytes - before);
      await until(() => gate.waiting > 0);
      await settle();
      expect(gate.waiting).to.equal(1);
      gate.open();
      await queue.idle();
      expect([queue.isBusy, queue.hasWaiting, queue.waitingBytes]).to.deep.equal([false, false, 0]);
    });

    it('reports progress after each write and each seal', async () => {
      let calls = 0;
      queue = create({ onProgress: () => calls++ });
      const archive = createArchive(0);
      archive.write('a');
      archive.complete('b');
      await queue.idle();
      expect(calls).to.equal(3);
    });

    it('writes no bytes before they are complete', async () => {
      const gate = new Gate();
      const archive = createArchive(0);
      archive.write('first', gate.pass());
      await settle();
      expect(hasReached(archive, 'written')).to.deep.equal([false]);
      gate.open();
      await queue.idle();
      expect(hasReached(archive, 'written')).to.deep.equal([true]);
    });

    it('gives memory back once it is not needed any more', async () => {
      const slabs = new SlabKeeper(KIB);
      queue = create({ slabs });
      const archive = createArchive(0);
      archive.write('first');
      await queue.idle();
      const slab = slabs.take();
      const { draft } = archive;
      const bytes = slab.subarray(0, 0);
      queue.write({ draft, bytes, completed: null, records: draft.records, end: null });
      await queue.idle();
      await settle();
      expect(slabs.take().buffer).to.equal(slab.buffer);
    });

    it('waits for a sync once too many bytes are not synced', async () => {
      const gate = new Gate();
      disk.hook = (call) => (call === 'datasync' ? gate.pass() : undefined);
      queue = create({ syncMode: 'everysec', maxUnsyncedBytes: 1 });
      const archive = createArchive(0);
      archive.write('a');
      archive.write('b');
      await until(() => gate.waiting === 1);
      await settle();
      expect(hasReached(archive, 'written')).to.deep.equal([true, false]);
      gate.open();
      await queue.idle();
      expect(hasReached(archive, 'written')).to.deep.equal([true, true]);
      expect(hasReached(archive, 'synced').slice(0, 1)).to.deep.equal([true]);
    });
  });

  describe('syncSoon', () => {
    it('syncs records that are written, and no others', async () => {
      const archive = createArchive(0);
      archive.write('a');
      await queue.idle();
      queue.syncSoon(archive.draft, 1);
      await until(() => archive.draft.progress.hasReached('synced', 0));
      archive.write('b');
      await queue.idle();
      expect(hasReached(archive, 'synced')).to.deep.equal([true, false]);
    });

    it('syncs records that have no file yet, once they are written', async () => {
      const archive = createArchive(0);
      archive.write('a');
      queue.syncSoon(archive.draft, 1);
      await until(() => archive.draft.progress.hasReached('synced', 0));
    });
  });

  describe('sealing', () => {
    it('seals complete archives in order while the next one is written', async () => {
      const gate = new Gate();
      disk.hook = (call) => (call === 'sync' ? gate.pass() : undefined);
      const archives = [0, 1, 2].map(createArchive);
      for (const archive of archives.slice(0, 2)) archive.complete('a');
      archives[2]?.write('b');
      await until(() => archives[2]?.draft.progress.hasReached('written', 0) === true);
      expect(gate.waiting).to.equal(1);
      expect(events).to.deep.equal(['open 0 0.events', 'open 1 1.events', 'open 2 2.events']);
      gate.open();
      await queue.idle();
      expect(events.slice(3)).to.deep.equal(['sealed 0.events of 1', 'sealed 1.events of 1']);
      expect(archives.map((archive) => hasReached(archive, 'sealed'))).to.deep.equal([
        [true],
        [true],
        [false],
      ]);
      expect(await readdir(directory)).to.include.members(['0.events', '1.events']);
    });

    it('keeps as many archives open at most as may wait for their seals', async () => {
      const gate = new Gate();
      disk.hook = (call) => (call === 'sync' ? gate.pass() : undefined);
      for (let ordinal = 0; ordinal < 6; ordinal++) createArchive(ordinal).complete('a');
      await until(() => events.length === MAX_SEALS_WAITING);
      await settle();
      expect(events).to.have.length(MAX_SEALS_WAITING);
      expect([queue.isBusy, queue.hasWaiting]).to.deep.equal([true, true]);
      gate.open();
      await queue.idle();
      expect(events.filter((event) => event.startsWith('sealed'))).to.have.length(6);
    });

    it('lets callers wait for as many archives as they say, and no others', async () => {
      const settled: number[] = [];
      const waiting = [0, 2, 1, 2].map((count) =>
        queue.sealed(count).then(() => settled.push(count)),
      );
      await waiting[0];
      expect(settled).to.deep.equal([0]);
      createArchive(0).complete('a');
      await waiting[2];
      expect(settled).to.deep.equal([0, 1]);
      createArchive(1).complete('a');
      await Promise.all(waiting);
      expect(settled).to.deep.equal([0, 1, 2, 2]);
      await queue.sealed(2);
    });

    it('lets no caller wait for a seal once it is closed', async () => {
      const waiting = queue.sealed(5);
      await queue.close();
      await waiting;
      await queue.sealed(6);
    });

    it('hands an archive that another process took over to the listener', async () => {
      const archive = createArchive(0);
      archive.write('a');
      await queue.idle();
      queue.syncSoon(archive.draft, 1);
      await until(() => archive.draft.progress.hasReached('synced', 0));
      await takeOver();
      const { draft } = archive;
      const end = { nextSequence: 1, writerEnded: true };
      queue.write({ draft, bytes: Buffer.alloc(0), completed: null, records: 1, end });
      await passTime(clock, queue.sealed(1));
      expect(events).to.deep.equal([
        'open 0 0.events',
        'stalled seal',
        'resumed seal',
        'taken over 0.events',
      ]);
      expect(await readdir(directory)).to.deep.equal(['0.events']);
    });
  });

  describe('failing', () => {
    it('tries a refused write again until it succeeds', async () => {
      let isFull = true;
      disk.hook = (call) => {
        if (call === 'write' && isFull) throw systemError('ENOSPC', call);
      };
      createArchive(0).write('a');
      await until(() => clock.pendingTimers > 0);
      isFull = false;
      clock.advance(1000);
      await queue.idle();
      expect(events).to.deep.equal(['open 0 0.events', 'stalled write', 'resumed write']);
      expect(failures).to.deep.equal([]);
      expect(await payloadsOf(join(directory, '0.events.open'))).to.deep.equal(['a']);
    });

    it('reports a write that retrying cannot help, and seals complete archives', async () => {
      const failure = systemError('EINVAL', 'write');
      const seals = new Gate();
      disk.hook = (call) => (call === 'sync' ? seals.pass() : undefined);
      const archives = [0, 1].map(createArchive);
      archives[0]?.complete('a');
      await until(() => seals.waiting === 1);
      disk.hook = (call) => {
        if (call === 'write') throw failure;
      };
      archives[1]?.write('b');
      archives[1]?.write('c');
      await until(() => failures.length > 0);
      disk.hook = () => {};
      seals.open();
      await queue.idle();
      expect(failures).to.deep.equal([failure]);
      expect([queue.isBusy, queue.hasWaiting]).to.deep.equal([true, true]);
      expect(events).to.deep.equal(['open 0 0.events', 'open 1 1.events', 'sealed 0.events of 1']);
    });

    it('leaves later archives open after a seal that retrying cannot help', async () => {
      const failure = systemError('EINVAL', 'sync');
      const gate = new Gate();
      disk.hook = async (call) => {
        if (call !== 'sync') return;
        await gate.pass();
        throw failure;
      };
      const archives = [0, 1].map(createArchive);
      for (const archive of archives) archive.complete('a');
      await until(() => events.length === 2);
      gate.open();
      await queue.idle();
      expect(failures).to.deep.equal([failure]);
      expect(events).to.deep.equal(['open 0 0.events', 'open 1 1.events']);
      await queue.close();
      expect(await readdir(directory)).to.deep.equal(['0.events.open', '1.events.open']);
    });

    it('reports a DirectoryError for a directory that never took a file', async () => {
      await rm(directory, { recursive: true });
      createArchive(0).write('a');
      await queue.idle();
      expect(failures[0]).to.be.instanceOf(DirectoryError);
      expect(events).to.deep.equal([]);
    });

    it('waits for a directory that has taken a file before', async () => {
      createArchive(0).complete('a');
      await queue.idle();
      let isThere = false;
      disk.hook = (call) => {
        if (call === 'open' && !isThere) throw systemError('ENOENT', call);
      };
      createArchive(1).write('b');
      await until(() => clock.pendingTimers > 0);
      isThere = true;
      clock.advance(1000);
      await queue.idle();
      expect(events.slice(2)).to.deep.equal([
        'stalled create',
        'resumed create',
        'open 1 1.events',
      ]);
    });
  });

  describe('close', () => {
    it('leaves archives that are not complete as they are, under their open names', async () => {
      const archive = createArchive(0);
      archive.write('a');
      await queue.idle();
      const bytes = await readFile(join(directory, '0.events.open'));
      await queue.close();
      expect(await readdir(directory)).to.deep.equal(['0.events.open']);
      expect(await readFile(join(directory, '0.events.open'))).to.deep.equal(bytes);
    });

    it('closes every file, even if one of them cannot be closed', async () => {
      const failure = systemError('EIO', 'close');
      for (const ordinal of [0, 1]) createArchive(ordinal).write('a');
      await queue.idle();
      let closes = 0;
      disk.hook = (call) => {
        if (call === 'close' && closes++ === 0) throw failure;
      };
      const closed = queue.close();
      queue = create();
      expect(await rejection(closed)).to.equal(failure);
      expect(disk.openFiles).to.equal(0);
    });
  });
});
