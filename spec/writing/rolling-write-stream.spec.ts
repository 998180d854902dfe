import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import type { SealedArchive } from '../../lib/writing/handlers/archive-handler.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import type { RollingWriteOptions } from '../../lib/writing/rolling-write-options.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { FakeClock } from '../support/fake-clock.js';
import { rejection } from '../support/store-tools.js';
import { Gate, TestDisk } from '../support/test-disk.js';
import { until } from '../support/until.js';
import {
  catchUncaught,
  hexOf,
  numbers,
  outcomeOf,
  payloadsOf,
  wholeArchives,
} from '../support/writer-tools.js';

describe('RollingWriteStream', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-writer-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const create = (options: Partial<RollingWriteOptions> = {}) =>
    new RollingWriteStream({ directory, ...options });

  describe('archives', () => {
    it('hold the records of a pipeline from an async generator, in order', async () => {
      const writer = create({ roll: rollByCount(999) });
      await pipeline(async function* () {
        yield* numbers(10_000);
      }, writer);
      expect(await payloadsOf(writer.pattern)).to.deep.equal(numbers(10_000));
      expect(await readdir(directory)).to.have.length(11);
    });

    it('hold the records of source.pipe(writer)', async () => {
      const writer = create({ roll: rollByCount(999) });
      Readable.from(numbers(10_000)).pipe(writer);
      await once(writer, 'close');
      expect(await payloadsOf(writer.pattern)).to.deep.equal(numbers(10_000));
    });

    it('are sealed under their final names, with a correct index', async () => {
      const writer = create({ template: 'a_[[SEQUENCE]].events', roll: rollByCount(400) });
      await pipeline(numbers(1000), writer);
      const archives = await wholeArchives(directory);
      expect(archives.map(({ name }) => name)).to.deep.equal([
        'a_000000.events',
        'a_000001.events',
        'a_000002.events',
      ]);
      expect(archives.map(({ index }) => index.records)).to.deep.equal([400, 400, 200]);
      expect(archives.map(({ index }) => index.ordinal)).to.deep.equal([0, 1, 2]);
      expect(archives.map(({ index }) => index.writerEnded)).to.deep.equal([false, false, true]);
      expect(archives.map(({ writer }) => writer)).to.deep.equal(Array(3).fill(writer.writer));
    });

    it('are chained by the digest of each whole file', async () => {
      await pipeline(numbers(5), create({ roll: rollByCount(2) }));
      const archives = await wholeArchives(directory);
      const chain = archives.map(({ index }) => hexOf(index.previousSha256));
      expect(chain).to.deep.equal(['0'.repeat(64), archives[0]?.sha256, archives[1]?.sha256]);
    });

    it('number their records on from one archive to the next', async () => {
      const writer = create({ roll: rollByCount(3), blockBytes: 64 });
      await pipeline(numbers(8), writer);
      const sequences: (number | undefined)[] = [];
      for await (const record of createArchiveReader(writer.pattern)) {
        sequences.push(record.sequence);
      }
      expect(sequences).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
      const archives = await wholeArchives(directory);
      expect(archives.map(({ nextSequence }) => nextSequence)).to.deep.equal([3, 6, 8]);
      expect(archives.map(({ index }) => index.entries[0]?.sequence)).to.deep.equal([0, 3, 6]);
    });

    it('hold the metadata of each record, and its time or else the time of the write', async () => {
      const clock = new FakeClock(1_700_000_000_123);
      const writer = create({ clock });
      writer.write({ metadata: { kind: 'login' }, payload: { user: 1 }, time: 5 });
      writer.write({ payload: Buffer.from('b'), timeMicros: -7 });
      writer.end('c');
      await once(writer, 'close');
      const found = [];
      for await (const record of createArchiveReader(writer.pattern)) {
        found.push([record.text(), { ...record.metadata }, record.timeMicros]);
      }
      expect(found).to.deep.equal([
        ['{"user":1}', { kind: 'login' }, 5000],
        ['b', {}, -7],
        ['c', {}, 1_700_000_000_123_000],
      ]);
    });

    for (const format of ['v1', 'jsonl'] as const) {
      it(`roll in the format ${format}, without an index`, async () => {
        const writer = create({ format, roll: rollByCount(2), template: '[[SEQUENCE]].x' });
        const sealed: SealedArchive[] = [];
        writer.on('sealed', (archive: SealedArchive) => sealed.push(archive));
        await pipeline(numbers(5), writer);
        expect(await payloadsOf(writer.pattern)).to.deep.equal(numbers(5));
        expect(await readdir(directory)).to.have.members(['000000.x', '000001.x', '000002.x']);
        expect(sealed.map((archive) => archive.format)).to.deep.equal([format, format, format]);
      });
    }

    it('hold copies of records from a reader, which reuses the memory of its blocks', async () => {
      const first = create({ template: 'first.events' });
      await pipeline(numbers(3000), first);
      const second = create({ template: 'second.events' });
      await pipeline(createArchiveReader(first.pattern), second);
      expect(await payloadsOf(second.pattern)).to.deep.equal(numbers(3000));
    });

    it('are not made without a record', async () => {
      const writer = create();
      await pipeline(Readable.from([]), writer);
      expect(await readdir(directory)).to.deep.equal([]);
      expect(writer.stats().sealed).to.equal(0);
    });

    it('hold a record that is larger than both slabs', async () => {
      const large = 'x'.repeat(9 * 2 ** 20);
      const writer = create();
      await pipeline(['a', large, 'b', large], writer);
      expect(await payloadsOf(writer.pattern)).to.deep.equal(['a', large, 'b', large]);
    });

    it('do not change when the caller changes its bytes after the callback', async () => {
      const writer = create();
      const bytes = Buffer.from('before');
      await new Promise((resolve) => writer.write(bytes, resolve));
      bytes.fill('x');
      await writer.close();
      expect(await payloadsOf(writer.pattern)).to.deep.equal(['before']);
    });

    it('keep the id of their writer when the caller changes the bytes of the option', async () => {
      const writerId = Buffer.from('0123456789abcdef', 'hex');
      const writer = create({ writerId });
      writerId.fill(0);
      await pipeline(numbers(2), writer);
      expect(writer.writer).to.equal('0123456789abcdef');
      expect((await wholeArchives(directory))[0]?.writer).to.equal('0123456789abcdef');
    });
  });

  describe('events', () => {
    it('are typed, and come in the order open, sealed, drained, finish, close', async () => {
      const writer = createArchiveWriter({ directory, roll: rollByCount(2), template: 'a.events' });
      const told: string[] = [];
      writer.on('open', ({ name, ordinal }) => told.push(`open ${ordinal} ${name}`));
      writer.on('sealed', ({ name, ordinal }) => told.push(`sealed ${ordinal} ${name}`));
      writer.on('drained', () => told.push('drained'));
      writer.on('finish', () => told.push('finish'));
      writer.on('close', () => told.push('close'));
      for (const payload of numbers(2)) writer.write(payload);
      await writer.roll();
      writer.end('2');
      await once(writer, 'close');
      expect(told).to.deep.equal([
        'open 0 a.events',
        'sealed 0 a.events',
        'open 1 a-1.events',
        'sealed 1 a-1.events',
        'drained',
        'finish',
        'close',
      ]);
    });

    it('report the facts of the file of a sealed archive', async () => {
      const clock = new FakeClock(1_700_000_000_000);
      const writer = createArchiveWriter({ directory, clock, template: 'a.events' });
      const sealed: SealedArchive[] = [];
      writer.on('sealed', (archive) => sealed.push(archive));
      await pipeline([{ payload: 'a', time: 1000 }, { payload: 'b', time: 500 }, 'c'], writer);
      const [archive] = await wholeArchives(directory);
      const { size } = await new TestDisk().files.stat(join(directory, 'a.events'));
      expect(sealed).to.deep.equal([
        {
          path: join(directory, 'a.events'),
          name: 'a.events',
          ordinal: 0,
          writer: writer.writer,
          openedAt: 1_700_000_000_000,
          bytes: size,
          records: 3,
          sha256: archive?.sha256,
          firstTime: new Date(500),
          lastTime: new Date(1_700_000_000_000),
          format: 'v2',
        },
      ]);
    });

    it('end neither the writer nor an archive when a listener throws', async () => {
      const stop = catchUncaught();
      try {
        const writer = create({ roll: rollByCount(1) });
        for (const event of ['open', 'sealed', 'drained'] as const) {
          writer.on(event, () => {
            throw new Error(event);
          });
        }
        for (const payload of numbers(3)) writer.write(payload);
        writer.end();
        await once(writer, 'close');
        expect(writer.errored).to.equal(null);
      } finally {
        const messages = stop().map((error) => (error instanceof Error ? error.message : error));
        expect(messages).to.have.members([
          ...['open', 'open', 'open', 'sealed', 'sealed', 'sealed', 'drained'],
        ]);
      }
      expect(await payloadsOf(directory)).to.deep.equal(numbers(3));
    });

    it('end neither the writer nor an archive when a callback of a held write throws', async () => {
      const gate = new Gate();
      const disk = new TestDisk((call) => (call === 'write' ? gate.pass() : undefined));
      const payload = 'x'.repeat(2 ** 19);
      const stop = catchUncaught();
      let errors: unknown[] = [];
      try {
        const writer = create({ files: disk.files, roll: rollByCount(2) });
        for (let i = 0; i < 10; i++) {
          writer.write(payload, () => {
            if (i === 6) throw new Error('callback');
          });
        }
        await until(() => gate.waiting > 0);
        expect(writer.stats().pendingRecords).to.be.greaterThan(0);
        gate.open();
        writer.end();
        await once(writer, 'close');
        expect(writer.stats().records).to.equal(10);
      } finally {
        errors = stop();
      }
      expect(errors).to.have.length(1);
      expect(errors[0]).to.have.property('message', 'callback');
      expect(await payloadsOf(directory)).to.have.length(10);
    });
  });

  it('counts its work in `stats`', async () => {
    const writer = create({ roll: rollByCount(2), invalid: 'skip' });
    const evidence = { 'part-digests': 0, checksum: 0, etag: 0, 'read-back': 0 };
    const shipping = { shipped: 0, left: 0, dropped: 0, storedBytes: 0, oldestLeftMs: null };
    const empty = {
      ...{ ...shipping, evidence, pendingRecords: 0, alreadyArchived: 0, spoolBytes: 0 },
      uploads: { succeeded: 0, failed: 0, aborted: 0 },
      retries: { disk: 0, store: 0 },
      ...{ stalls: 0, stalled: null },
    };
    const { syncs, ...stats } = writer.stats();
    expect(syncs).to.include({ count: 0, totalMs: 0 });
    expect(stats).to.deep.equal({
      ...empty,
      ...{ records: 0, skipped: 0, blocks: 0, writtenBytes: 0, rolls: 0 },
      ...{ sealed: 0, sealedBytes: 0 },
    });
    for (const payload of numbers(3)) writer.write(payload);
    // @ts-expect-error: callers without types write anything.
    writer.write(undefined);
    await writer.close();
    const names = await readdir(directory);
    const files = await Promise.all(
      names.map((name) => new TestDisk().files.stat(join(directory, name))),
    );
    const sealedBytes = files.reduce((bytes, { size }) => bytes + size, 0);
    const { syncs: after, writtenBytes, ...rest } = writer.stats();
    expect(after.count).to.be.at.least(2);
    expect(writtenBytes).to.be.within(3, sealedBytes);
    expect(rest).to.deep.equal({
      ...empty,
      ...{ records: 3, skipped: 1, blocks: 2, rolls: 1, sealed: 2, sealedBytes },
    });
  });

  describe('close', () => {
    it('settles when everything is sealed', async () => {
      const writer = create();
      for (const payload of numbers(5)) writer.write(payload);
      expect(await writer.close()).to.deep.equal({ shipped: 0, left: [] });
      expect(await payloadsOf(writer.pattern)).to.deep.equal(numbers(5));
      expect(writer.closed).to.equal(true);
    });

    it('may be called after end, at once and again', async () => {
      const writer = create();
      writer.end('a');
      const results = await Promise.all([writer.close(), writer.close()]);
      results.push(await writer.close());
      expect(results).to.deep.equal(Array(3).fill({ shipped: 0, left: [] }));
      expect(writer.listenerCount('error')).to.equal(1);
    });

    it('rejects with what ended the stream, without an error listener', async () => {
      const writer = create();
      // @ts-expect-error: callers without types write anything.
      writer.write(undefined);
      const error = await rejection(writer.close());
      expect(error).to.have.property('code', 'ERR_INVALID_RECORD');
      expect(await rejection(writer.close())).to.equal(error);
    });

    it('rejects if the stream is destroyed before everything was written', async () => {
      const gate = new Gate();
      const disk = new TestDisk((call) => (call === 'write' ? gate.pass() : undefined));
      const writer = create({ files: disk.files });
      for (let i = 0; i < 8; i++) writer.write('x'.repeat(2 ** 19));
      const closing = rejection(writer.close());
      writer.destroy();
      gate.open();
      const error = await closing;
      expect(error).to.be.instanceOf(ArchiveError).and.to.have.property('code', 'ERR_DESTROYED');
      const idle = create();
      idle.destroy();
      expect(await rejection(idle.close())).to.have.property('code', 'ERR_DESTROYED');
    });

    it('refuses a deadline that is not a duration', async () => {
      const writer = create();
      const error = await rejection(writer.close({ deadlineMs: Number.NaN }));
      expect(error).to.be.instanceOf(RangeError);
      expect(error)
        .to.have.property('message')
        .that.matches(/^deadlineMs is NaN/);
      await writer.close({ deadlineMs: 5 });
    });

    it('is what `await using` does', async () => {
      const writer = create();
      writer.write('a');
      await writer[Symbol.asyncDispose]();
      expect(await payloadsOf(writer.pattern)).to.deep.equal(['a']);
    });
  });

  describe('end', () => {
    it('takes a last record and a callback', async () => {
      const writer = create();
      writer.write('a', 'utf8');
      await new Promise<void>((resolve) => writer.end('b', 'utf8', resolve));
      expect(await payloadsOf(writer.pattern)).to.deep.equal(['a', 'b']);
    });

    it('seals records that wait for a slow disk, too', async () => {
      const gate = new Gate();
      const disk = new TestDisk((call) => (call === 'write' ? gate.pass() : undefined));
      const writer = create({ files: disk.files, roll: rollByCount(3) });
      const payload = 'x'.repeat(2 ** 19);
      for (let i = 0; i < 10; i++) writer.write(payload);
      writer.end();
      gate.open();
      await once(writer, 'close');
      expect(await payloadsOf(writer.pattern)).to.have.length(10);
      expect(disk.openFiles).to.equal(0);
    });

    it('refuses records after it', async () => {
      const writer = create();
      writer.end('a');
      const outcome = outcomeOf(writer);
      expect(writer.write('b')).to.equal(false);
      expect(await outcome).to.have.property('code', 'ERR_STREAM_WRITE_AFTER_END');
      expect(await payloadsOf(writer.pattern)).to.deep.equal(['a']);
    });
  });

  it('gives a pattern that matches its archives, whatever the name of the directory', async () => {
    const odd = join(directory, 'a [b] {c} (d) *! ,e');
    await new TestDisk().files.mkdir(odd);
    const writer = create({ directory: odd, template: 'f[1]_%Y_[[COUNT]]!.events' });
    await pipeline(numbers(3), writer);
    expect(await payloadsOf(writer.pattern)).to.deep.equal(numbers(3));
  });
});
