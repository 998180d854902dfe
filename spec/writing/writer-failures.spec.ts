import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import { DirectoryError } from '../../lib/errors/directory-error.js';
import { RecordError } from '../../lib/errors/record-error.js';
import { verifyArchive } from '../../lib/reading/verifying/verify-archive.js';
import { rollByAge, rollByCount } from '../../lib/writing/policies/roll-policies.js';
import type { RollingWriteOptions } from '../../lib/writing/rolling-write-options.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { FakeClock } from '../support/fake-clock.js';
import { passTime } from '../support/pass-time.js';
import { rejection } from '../support/store-tools.js';
import { Gate, systemError, TestDisk } from '../support/test-disk.js';
import { until } from '../support/until.js';
import { withFile } from '../support/with-file.js';
import { numbers, outcomeOf, payloadsOf, wholeArchives } from '../support/writer-tools.js';

describe('RollingWriteStream, after a failure', () => {
  let directory: string;
  let clock: FakeClock;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-failures-'));
    clock = new FakeClock();
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const create = (options: Partial<RollingWriteOptions> = {}) =>
    new RollingWriteStream({ directory, clock, ...options });

  describe('of the source', () => {
    const failure = new Error('source');

    const failingAfter = (count: number) =>
      async function* () {
        yield* numbers(count);
        throw failure;
      };

    for (const count of [0, 1, 1000]) {
      it(`seals the ${count} records before it`, async () => {
        const disk = new TestDisk();
        const writer = create({ files: disk.files });
        expect(await rejection(pipeline(failingAfter(count), writer))).to.equal(failure);
        await until(() => writer.closed);
        expect(await payloadsOf(directory)).to.deep.equal(numbers(count));
        expect(await wholeArchives(directory)).to.have.length(Math.min(count, 1));
        expect([disk.openFiles, clock.pendingTimers]).to.deep.equal([0, 0]);
      });
    }

    it('seals the accepted records, even if they roll faster than the disk writes', async () => {
      const disk = new TestDisk();
      const writer = create({ files: disk.files, roll: rollByCount(300) });
      expect(await rejection(pipeline(failingAfter(1000), writer))).to.equal(failure);
      await until(() => writer.closed);
      const { records } = writer.stats();
      expect(records).to.be.at.least(600);
      expect(await payloadsOf(directory)).to.deep.equal(numbers(records));
      expect(await wholeArchives(directory)).to.have.length(Math.ceil(records / 300));
      expect([disk.openFiles, clock.pendingTimers]).to.deep.equal([0, 0]);
    });

    it('seals exactly the records whose callback came, if the disk is slow', async () => {
      const gate = new Gate();
      const disk = new TestDisk((call) => (call === 'write' ? gate.pass() : undefined));
      const writer = create({ files: disk.files, roll: rollByAge('5m') });
      const accepted: string[] = [];
      const refused: unknown[] = [];
      const payloads = numbers(1000).map((payload) => payload.padEnd(10_000, ' '));
      for (const payload of payloads) {
        writer.write(payload, (error) => {
          if (error) refused.push(error);
          else accepted.push(payload);
        });
      }
      await until(() => gate.waiting === 1);
      const outcome = outcomeOf(writer);
      writer.destroy(failure);
      gate.open();
      expect(await outcome).to.equal(failure);
      expect(accepted.length).to.be.within(400, 600);
      expect(refused).to.deep.equal(Array(1000 - accepted.length).fill(failure));
      expect(await payloadsOf(directory)).to.deep.equal(accepted);
      expect(await wholeArchives(directory)).to.have.length(1);
      expect([disk.openFiles, clock.pendingTimers]).to.deep.equal([0, 0]);
    });

    it('does the same for an AbortSignal', async () => {
      const disk = new TestDisk();
      const abort = new AbortController();
      const writer = create({ files: disk.files, signal: abort.signal });
      const outcome = outcomeOf(writer);
      const accepted: string[] = [];
      for (const payload of numbers(500)) writer.write(payload, () => accepted.push(payload));
      abort.abort(new Error('reason'));
      const error = await outcome;
      expect(error).to.have.property('name', 'AbortError');
      expect(error).to.have.property('cause').that.has.property('message', 'reason');
      expect(accepted).to.deep.equal(numbers(500));
      expect(await payloadsOf(directory)).to.deep.equal(accepted);
      expect([disk.openFiles, clock.pendingTimers]).to.deep.equal([0, 0]);
    });

    it('is an AbortError even if the signal has aborted before', async () => {
      const writer = create({ signal: AbortSignal.abort() });
      const error = await outcomeOf(writer);
      expect(error).to.have.property('name', 'AbortError');
      expect(await readdir(directory)).to.deep.equal([]);
    });

    it('does the same for the signal of a pipeline', async () => {
      const abort = new AbortController();
      const writer = create();
      const source = async function* () {
        yield* numbers(100);
        abort.abort();
        yield* numbers(100);
      };
      const error = await rejection(pipeline(source, writer, { signal: abort.signal }));
      expect(error).to.have.property('name', 'AbortError');
      await until(() => writer.closed);
      expect(await payloadsOf(directory)).to.deep.equal(numbers(writer.stats().records));
      expect(writer.stats().records).to.be.within(100, 101);
    });

    it('does the same for destroy() without an error, which closes without one', async () => {
      const disk = new TestDisk();
      const writer = create({ files: disk.files });
      const outcome = outcomeOf(writer);
      for (const payload of numbers(10)) writer.write(payload);
      writer.destroy();
      expect(await outcome).to.equal(undefined);
      const [archive] = await wholeArchives(directory);
      expect(archive?.payloads).to.deep.equal(numbers(10));
      expect(archive?.index.writerEnded).to.equal(true);
      expect([disk.openFiles, clock.pendingTimers]).to.deep.equal([0, 0]);
    });

    it('closes after its files are closed, even if it is destroyed while it ends', async () => {
      const gate = new Gate();
      const disk = new TestDisk((call) => (call === 'sync' ? gate.pass() : undefined));
      const writer = create({ files: disk.files });
      const outcome = outcomeOf(writer);
      writer.end('a');
      await until(() => gate.waiting === 1);
      writer.destroy();
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
      expect(writer.closed).to.equal(false);
      gate.open();
      expect(await outcome).to.equal(undefined);
      expect(disk.openFiles).to.equal(0);
      expect(await payloadsOf(directory)).to.deep.equal(['a']);
      expect(await wholeArchives(directory)).to.have.length(1);
    });
  });

  describe('of a record', () => {
    const invalid: [what: string, record: unknown, field: string][] = [
      ['undefined', undefined, 'payload'],
      ['a number', 5, 'payload'],
      ['an object without a payload', {}, 'payload'],
      ['a lone surrogate', { payload: '\ud800' }, 'payload'],
      ['metadata that is not a string', { payload: 'a', metadata: { b: 1 } }, 'metadata["b"]'],
      ['a time that is not a number', { payload: 'a', time: Number.NaN }, 'time'],
      ['too large a payload', 'x'.repeat(101), 'payload'],
    ];

    /** Writes as a caller without types would. */
    const write = (writer: RollingWriteStream, record: unknown) => {
      // @ts-expect-error: callers without types write anything.
      writer.write(record);
    };

    for (const [what, record, field] of invalid) {
      it(`ends the stream by default, and seals the records before it (${what})`, async () => {
        const disk = new TestDisk();
        const writer = create({ maxRecordBytes: 100, files: disk.files });
        const outcome = outcomeOf(writer);
        for (const payload of numbers(3)) writer.write(payload);
        write(writer, record);
        writer.write('after');
        const error = await outcome;
        expect(error).to.be.instanceOf(RecordError).and.to.have.property('field', field);
        const [archive, ...others] = await wholeArchives(directory);
        expect(archive?.payloads).to.deep.equal(numbers(3));
        expect(others).to.deep.equal([]);
        expect([disk.openFiles, clock.pendingTimers]).to.deep.equal([0, 0]);
      });
    }

    it('skips the record with `invalid: skip`, and counts it', async () => {
      const writer = create({ maxRecordBytes: 100, invalid: 'skip' });
      for (const [, record] of invalid) {
        write(writer, record);
        writer.write('good');
      }
      await writer.close();
      expect(await payloadsOf(directory)).to.deep.equal(Array(7).fill('good'));
      expect(writer.stats()).to.include({ records: 7, skipped: 7 });
    });

    it('opens no archive if all records were skipped', async () => {
      const writer = create({ maxRecordBytes: 100, invalid: 'skip' });
      for (const [, record] of invalid) write(writer, record);
      await writer.close();
      expect(await readdir(directory)).to.deep.equal([]);
    });

    it('ends the stream when a getter of it throws, even with `invalid: skip`', async () => {
      const writer = create({ invalid: 'skip' });
      const outcome = outcomeOf(writer);
      writer.write('a');
      write(writer, {
        get payload() {
          throw 'text';
        },
      });
      expect(await outcome).to.have.property('cause', 'text');
      expect(await payloadsOf(directory)).to.deep.equal(['a']);
    });
  });

  describe('of the directory', () => {
    const problems: [what: string, name: string, message: RegExp][] = [
      ['is missing', 'none', /^directory \/.*\/none does not exist \(.*createDirectory.*\)$/],
      ['is a file', 'file', /^directory \/.*\/file is not a directory$/],
      ['is below a file', 'file/inner', /^directory \/.*\/file\/inner is not a directory$/],
    ];
    for (const [what, name, message] of problems) {
      it(`is a DirectoryError if it ${what}, with and without a record`, async () => {
        await writeFile(join(directory, 'file'), 'x');
        const path = join(directory, name);
        for (const records of [[], ['a'], numbers(5000)]) {
          const error = await rejection(pipeline(records, create({ directory: path })));
          expect(error).to.be.instanceOf(DirectoryError);
          expect(error).to.include({ code: 'ERR_DIRECTORY', directory: path });
          expect(error).to.have.property('message').that.matches(message);
        }
        const idle = create({ directory: path });
        expect(await outcomeOf(idle)).to.be.instanceOf(DirectoryError);
        expect(clock.pendingTimers).to.equal(0);
      });
    }

    it('does not occur with `createDirectory`, which makes it and its parents for the owner alone', async () => {
      const path = join(directory, 'new', 'inner');
      await pipeline(numbers(5), create({ directory: path, createDirectory: true }));
      expect(await payloadsOf(path)).to.have.length(5);
      expect((await stat(path)).mode & 0o777).to.equal(0o700);
      await writeFile(join(directory, 'file'), 'x');
      const below = create({ directory: join(directory, 'file', 'new'), createDirectory: true });
      expect(await rejection(pipeline(['a'], below))).to.be.instanceOf(DirectoryError);
    });

    it('is a DirectoryError if no file may be created in it', async () => {
      const failure = systemError('EACCES', 'open');
      const disk = new TestDisk((call) => {
        if (call === 'open') throw failure;
      });
      const writer = create({ files: disk.files });
      const error = await rejection(pipeline(numbers(5), writer));
      expect(error).to.be.instanceOf(DirectoryError).and.to.have.property('cause', failure);
      expect(error)
        .to.have.property('message')
        .that.matches(/cannot be written: permission denied/);
    });

    it('stalls if it is removed between two archives, and continues when it is back', async () => {
      const writer = create();
      writer.write('a');
      await writer.roll();
      await rm(directory, { recursive: true });
      const stalled = once(writer, 'stalled');
      writer.write('b');
      const rolled = writer.roll();
      const [stall] = await stalled;
      expect(stall).to.include({ operation: 'create' }).and.to.have.nested.include({
        'error.code': 'ENOENT',
      });
      expect(writer.stats().stalled).to.include({ operation: 'create' });
      await mkdir(directory);
      await passTime(clock, rolled);
      expect(writer.stats().stalled).to.equal(null);
      await writer.close();
      expect(await payloadsOf(directory)).to.deep.equal(['b']);
    });

    it('is a DirectoryError if it is never back', async () => {
      const writer = create();
      writer.write('a');
      await writer.roll();
      await rm(directory, { recursive: true });
      writer.write('b');
      const closed = rejection(writer.close({ deadlineMs: 5000 }));
      const error = await passTime(clock, closed);
      expect(error).to.be.instanceOf(DirectoryError).and.to.have.nested.include({
        'cause.code': 'ENOENT',
      });
    });

    it('loses nothing of an open archive if it is moved away and back', async () => {
      const writer = create();
      await writer.append('a').synced;
      await rename(directory, `${directory}-away`);
      const synced = writer.append('b').synced;
      await once(writer, 'stalled');
      await rename(`${directory}-away`, directory);
      await passTime(clock, synced);
      await writer.close();
      const [archive, ...others] = await wholeArchives(directory);
      expect(archive?.payloads).to.deep.equal(['a', 'b']);
      expect(others).to.deep.equal([]);
    });

    it('loses nothing of an open archive if another directory gets its name', async () => {
      for (const sync of ['no', 'everysec'] as const) {
        const writer = create({ sync });
        await writer.append('a').synced;
        await rm(directory, { recursive: true });
        const synced = writer.append('b').synced;
        await once(writer, 'stalled');
        await mkdir(directory);
        await passTime(clock, synced);
        await writer.close();
        const [archive, ...others] = await wholeArchives(directory);
        expect(archive?.payloads).to.deep.equal(['a', 'b']);
        expect(others).to.deep.equal([]);
      }
    });
  });

  describe('of a system call', () => {
    it('amid a slab: leaves the blocks that were written readable', async () => {
      const failure = systemError('ENOSPC', 'write');
      const files = withFile((file) => ({
        async write(bytes, offset, length, position) {
          if (position > 0) throw failure;
          return file.write(bytes, offset, Math.min(length, 700_000), position);
        },
      }));
      const writer = create({ files });
      const outcome = outcomeOf(writer);
      const payloads = numbers(600).map((payload) => payload.padEnd(5000, ' '));
      for (const payload of payloads) writer.write(payload);
      await once(writer, 'stalled');
      const [open = ''] = await readdir(directory);
      // Without the torn block, which is cut off.
      expect(await verifyArchive(join(directory, open)))
        .to.have.property('damage')
        .with.length(0);
      writer.destroy();
      expect(await outcome).to.equal(failure);
      const found = await payloadsOf(directory);
      expect(found).to.deep.equal(payloads.slice(0, found.length));
      expect(found.length).to.be.within(100, 140);
    });

    it('of a write: seals the archives that were complete before it', async () => {
      const failure = systemError('EINVAL', 'write');
      const gate = new Gate();
      const disk = new TestDisk(async (call, path) => {
        if (call === 'sync') await gate.pass();
        if (call === 'write' && path.includes('a-2.')) throw failure;
      });
      const writer = create({ files: disk.files, roll: rollByCount(2), template: 'a.events' });
      const outcome = outcomeOf(writer);
      for (const payload of numbers(5)) writer.write(payload);
      await until(() => writer.stats().records === 5);
      void writer.roll();
      await until(() => writer.destroyed);
      gate.open();
      expect(await outcome).to.equal(failure);
      expect((await readdir(directory)).sort()).to.deep.equal(['a-1.events', 'a.events']);
      expect(await payloadsOf(directory)).to.deep.equal(numbers(4));
    });

    it('of a seal: leaves later archives open, so that archives are sealed in order', async () => {
      const failure = systemError('EINVAL', 'link');
      const gate = new Gate();
      const disk = new TestDisk(async (call, path) => {
        if (call === 'sync') await gate.pass();
        if (call === 'link' && path.endsWith('a.events')) throw failure;
      });
      const writer = create({ files: disk.files, roll: rollByCount(2), template: 'a.events' });
      const outcome = outcomeOf(writer);
      for (const payload of numbers(4)) writer.write(payload);
      await until(() => disk.calls.filter((call) => call === 'open').length === 2);
      writer.end();
      gate.open();
      expect(await outcome).to.equal(failure);
      expect((await readdir(directory)).sort()).to.deep.equal(['a-1.events.open', 'a.events.open']);
      expect(await payloadsOf(directory)).to.deep.equal(numbers(4));
      expect(disk.openFiles).to.equal(0);
    });

    it('is reported after all files are closed', async () => {
      const failure = systemError('EINVAL', 'write');
      const gate = new Gate();
      const disk = new TestDisk((call) => {
        if (call === 'write') throw failure;
        return call === 'close' ? gate.pass() : undefined;
      });
      const writer = create({ files: disk.files });
      const outcome = outcomeOf(writer);
      writer.end('a');
      await until(() => gate.waiting === 1);
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
      expect(writer.closed).to.equal(false);
      gate.open();
      expect(await outcome).to.equal(failure);
    });

    it('is the error of all writes until the stream is destroyed', async () => {
      const failure = systemError('EINVAL', 'open');
      const disk = new TestDisk((call) => {
        if (call === 'open') throw failure;
      });
      const writer = create({ files: disk.files });
      const outcome = outcomeOf(writer);
      writer.write('a');
      void writer.roll();
      let error: Error | null | undefined = null;
      await until(async () => {
        error = await new Promise<Error | null | undefined>((resolve) => {
          writer.write('b', resolve);
        });
        return Boolean(error);
      });
      expect(await outcome).to.equal(failure);
    });
  });

  for (const most of [1, 2, 3, 7, 100]) {
    it(`writes everything if the system takes at most ${most} bytes at a time`, async () => {
      const files = withFile((file) => {
        let bytes = 0;
        return {
          write: (buffer, offset, length, position) => {
            bytes = (bytes % most) + 1;
            return file.write(buffer, offset, Math.min(length, bytes), position);
          },
        };
      });
      const writer = create({ files, roll: rollByCount(20) });
      await pipeline(numbers(50), writer);
      const archives = await wholeArchives(directory);
      expect(archives.flatMap(({ payloads }) => payloads)).to.deep.equal(numbers(50));
    });
  }

  it('fails with EIO if the system takes nothing and the time to end is up', async () => {
    const files = withFile(() => ({ write: async () => ({ bytesWritten: 0 }) }));
    const writer = create({ files });
    writer.write('a');
    const error = await passTime(clock, rejection(writer.close({ deadlineMs: 1000 })));
    expect(error).to.have.property('code', 'EIO');
    expect(await readdir(directory)).to.deep.equal([]);
  });
});
