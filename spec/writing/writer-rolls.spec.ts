import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';

import { expect } from 'chai';

import type { SealedArchive } from '../../lib/writing/handlers/archive-handler.js';
import {
  rollAtClock,
  rollByAge,
  rollByCount,
  rollByIdle,
  rollBySize,
  rollNever,
} from '../../lib/writing/policies/roll-policies.js';
import { type ArchiveFacts, rollWhenAll } from '../../lib/writing/policies/roll-policy.js';
import type { RollingWriteOptions } from '../../lib/writing/rolling-write-options.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { compiled } from '../support/compiled.js';
import { FakeClock } from '../support/fake-clock.js';
import { rejection } from '../support/store-tools.js';
import { Gate, systemError, TestDisk } from '../support/test-disk.js';
import { until } from '../support/until.js';
import {
  catchUncaught,
  JumpingClock,
  numbers,
  outcomeOf,
  payloadsOf,
  wholeArchives,
} from '../support/writer-tools.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('rolling of a RollingWriteStream', () => {
  let directory: string;
  let clock: FakeClock;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-rolls-'));
    clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 30));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const create = (options: Partial<RollingWriteOptions> = {}) =>
    new RollingWriteStream({ directory, clock, ...options });

  /** How many records each archive got, in order. */
  const recordsOf = async () =>
    (await wholeArchives(directory)).map(({ payloads }) => payloads.length);

  async function sealedBy(writer: RollingWriteStream, advance: () => void): Promise<SealedArchive> {
    const sealed = once(writer, 'sealed');
    advance();
    const [archive] = await sealed;
    return archive;
  }

  describe('after a record', () => {
    it('counts the bytes of the block that is being filled', async () => {
      const payload = 'x'.repeat(1000);
      const writer = create({ roll: rollBySize('10 kB') });
      await pipeline(Array(25).fill(payload), writer);
      expect(await recordsOf()).to.deep.equal([10, 10, 5]);
    });

    it('also counts the bytes that are on disk already', async () => {
      const disk = new TestDisk();
      const writer = create({ files: disk.files, roll: rollBySize('10 kB') });
      for (let i = 0; i < 9; i++) writer.write('x'.repeat(1000));
      clock.advance(SECOND);
      await until(() => disk.writtenBytes > 9000);
      writer.write('x'.repeat(1000));
      writer.write('y');
      await writer.close();
      expect(await recordsOf()).to.deep.equal([10, 1]);
    });

    it('asks a function, like a policy, with the facts of the archive', async () => {
      const seen: object[] = [];
      const roll = (archive: ArchiveFacts, now: number) => {
        const { firstTime, lastTime, lastWriteAt, openedAt, records } = archive;
        seen.push({ firstTime, lastTime, lastWriteAt, openedAt, records, now });
        return archive.records === 2;
      };
      const start = clock.now();
      const writer = create({ roll });
      writer.write({ payload: 'a', time: 700 });
      clock.advance(5);
      writer.write({ payload: 'b', time: 300 });
      clock.advance(5);
      writer.write('c');
      await writer.close();
      const [first, second, third] = [start, start + 5, start + 10];
      const facts = { openedAt: first, firstTime: 700, lastTime: 700, records: 1 };
      expect(seen).to.deep.equal([
        { ...facts, lastWriteAt: first, now: first },
        { ...facts, firstTime: 300, records: 2, lastWriteAt: second, now: second },
        {
          ...{ openedAt: third, lastWriteAt: third, now: third },
          ...{ firstTime: third, lastTime: third, records: 1 },
        },
      ]);
      expect(await recordsOf()).to.deep.equal([2, 1]);
    });

    it('rolls by any policy of a list, and of a list in a list', async () => {
      const writer = create({
        roll: [rollNever(), [rollByCount(4)], (archive) => archive.bytes > 5000],
      });
      for (const payload of numbers(6)) writer.write(payload);
      for (const payload of numbers(3)) writer.write(payload.repeat(6000));
      await writer.close();
      expect(await recordsOf()).to.deep.equal([4, 3, 1, 1]);
    });

    it('never rolls by an empty list', async () => {
      await pipeline(numbers(3000), create({ roll: [] }));
      expect(await recordsOf()).to.deep.equal([3000]);
    });

    it('gives each record its own archive if the policy says so, in order', async () => {
      await pipeline(numbers(50), create({ roll: () => true }));
      expect(await recordsOf()).to.deep.equal(Array(50).fill(1));
      expect(await payloadsOf(directory)).to.deep.equal(numbers(50));
    });

    it('keeps the record after which a policy throws, and fails with that error', async () => {
      for (const thrown of [new Error('policy'), 'text', undefined]) {
        const writer = create({
          template: 'a.events',
          roll: ({ records }) => {
            if (records === 3) throw thrown;
            return false;
          },
        });
        const errors: unknown[] = [];
        const outcome = outcomeOf(writer);
        for (const payload of numbers(5)) writer.write(payload, (error) => errors.push(error));
        const error = await outcome;
        if (thrown instanceof Error) expect(error).to.equal(thrown);
        else expect(error).to.be.instanceOf(Error).and.to.have.property('cause', thrown);
        expect(errors).to.deep.equal([null, null, null, error, error]);
        expect(await payloadsOf(join(directory, 'a*.events'))).to.deep.equal(numbers(3));
        await rm(join(directory, 'a.events'));
      }
    });
  });

  describe('without a record', () => {
    it('rolls by age', async () => {
      const writer = create({ roll: rollByAge('5m') });
      writer.write('a');
      clock.advance(2 * MINUTE);
      writer.write('b');
      clock.advance(3 * MINUTE - 1);
      expect(writer.stats().sealed).to.equal(0);
      const { records } = await sealedBy(writer, () => clock.advance(1));
      expect(records).to.equal(2);
      expect(clock.pendingTimers).to.equal(0);
      await writer.close();
    });

    it('rolls by idle time, counted from the last record', async () => {
      const writer = create({ roll: rollByIdle('100ms') });
      writer.write('a');
      clock.advance(90);
      writer.write('b');
      clock.advance(90);
      writer.write('c');
      clock.advance(99);
      expect(writer.stats().sealed).to.equal(0);
      const { records } = await sealedBy(writer, () => clock.advance(1));
      expect(records).to.equal(3);
      await writer.close();
    });

    it('rolls at a time of day', async () => {
      const writer = create({ roll: rollAtClock('1h') });
      writer.write('a');
      clock.advance(30 * MINUTE - 1);
      expect(writer.stats().sealed).to.equal(0);
      await sealedBy(writer, () => clock.advance(1));
      writer.write('b');
      clock.advance(HOUR - 1);
      expect(writer.stats().sealed).to.equal(1);
      await sealedBy(writer, () => clock.advance(1));
      await writer.close();
    });

    it('rolls when all policies are due, even if one of them has no dueAt', async () => {
      const roll = rollWhenAll(rollByCount(3), rollByAge('1m'));
      const writer = create({ roll });
      const { written } = writer.append('a');
      clock.advance(10 * SECOND);
      await written;
      await setImmediate();
      writer.write('b');
      writer.write('c');
      await sealedBy(writer, () => clock.advance(50 * SECOND));
      await writer.close();
      expect(await recordsOf()).to.deep.equal([3]);
    });

    it('does not roll an archive that was rolled in the meantime', async () => {
      const writer = create({ roll: rollByAge('1m') });
      writer.write('a');
      await writer.roll();
      expect(clock.pendingTimers).to.equal(0);
      clock.advance(30 * SECOND);
      writer.write('b');
      clock.advance(30 * SECOND);
      writer.write('c');
      await sealedBy(writer, () => clock.advance(30 * SECOND));
      await writer.close();
      expect(await recordsOf()).to.deep.equal([1, 2]);
    });

    it('rolls after the disk was busy when the time came', async () => {
      const gate = new Gate();
      const disk = new TestDisk((call) => (call === 'write' ? gate.pass() : undefined));
      const writer = create({ files: disk.files, roll: rollByAge('1m') });
      writer.write('a');
      clock.advance(SECOND);
      await until(() => gate.waiting === 1);
      writer.write('b');
      clock.advance(MINUTE);
      await sealedBy(writer, () => gate.open());
      await writer.close();
      expect(await recordsOf()).to.deep.equal([2]);
    });

    it('asks a policy again later that is not due at the time it has named', async () => {
      let asked = 0;
      const roll = {
        isDue: () => {
          asked++;
          return false;
        },
        dueAt: ({ openedAt }: ArchiveFacts) => openedAt + 10,
      };
      const writer = create({ roll, flushInterval: DAY });
      writer.write('a');
      clock.advance(10 + 5 * SECOND);
      expect(asked).to.equal(1 + 6);
      await writer.close();
      expect(clock.pendingTimers).to.equal(0);
    });

    it('fails with the error of a policy asked by a timer, and seals the archive', async () => {
      const failure = new Error('policy');
      const policies = [
        {
          isDue: () => false,
          dueAt: () => {
            throw failure;
          },
        },
        {
          isDue: (_: ArchiveFacts, now: number) => {
            if (now === clock.now() && now > start) throw failure;
            return false;
          },
          dueAt: ({ openedAt }: ArchiveFacts) => openedAt + MINUTE,
        },
      ];
      const start = clock.now();
      for (const [at, roll] of policies.entries()) {
        const writer = create({ roll, template: `${at}.events` });
        const outcome = outcomeOf(writer);
        writer.write('a');
        clock.advance(MINUTE);
        expect(await outcome).to.equal(failure);
        expect(await payloadsOf(join(directory, `${at}.events`))).to.deep.equal(['a']);
      }
      expect(clock.pendingTimers).to.equal(0);
    });

    it('seals the archive when a policy throws as its timer is set after a flush', async () => {
      const disk = new TestDisk();
      const failure = new Error('policy');
      let asked = 0;
      const roll = {
        isDue: () => false,
        dueAt: () => {
          if (++asked === 2) throw failure;
          return null;
        },
      };
      const writer = create({ roll, files: disk.files });
      const outcome = outcomeOf(writer);
      writer.write('a');
      clock.advance(SECOND);
      expect(await outcome).to.equal(failure);
      expect(await payloadsOf(directory)).to.deep.equal(['a']);
      expect(await recordsOf()).to.deep.equal([1]);
    });

    it('fails when a policy names a time that is not a number', async () => {
      const writer = create({ roll: { isDue: () => false, dueAt: () => Number.NaN } });
      const outcome = outcomeOf(writer);
      writer.write('a');
      const message = 'dueAt of a policy is NaN, expected ms since the epoch or null';
      expect(await outcome)
        .to.be.instanceOf(TypeError)
        .and.to.have.property('message', message);
      expect(await payloadsOf(directory)).to.deep.equal(['a']);
    });

    it('sets no timer that keeps the process alive', async () => {
      const writer = create({ roll: [rollByAge('5m'), rollAtClock('1h')] });
      writer.write('a');
      const opened = once(writer, 'open');
      clock.advance(SECOND);
      await opened;
      expect([clock.pendingTimers, clock.refTimers]).to.deep.equal([1, 0]);
      await writer.close();
    });
  });

  describe('when the clock is set', () => {
    it('forward by a day: rolls one archive early, not more', async () => {
      const day = new JumpingClock(clock);
      const writer = create({ clock: day, roll: rollByAge('5m') });
      for (let i = 0; i < 10; i++) {
        if (i === 5) day.jumpMs += DAY;
        writer.write(String(i));
        clock.advance(10 * SECOND);
      }
      await writer.close();
      expect(await recordsOf()).to.deep.equal([6, 4]);
      expect(await payloadsOf(directory)).to.deep.equal(numbers(10));
    });

    it('back by a day: loses nothing, and keeps the records in order', async () => {
      const day = new JumpingClock(clock);
      const roll = [rollByCount(4), rollByAge('1m'), rollByIdle('30s')];
      const writer = create({ clock: day, roll });
      for (let i = 0; i < 10; i++) {
        if (i === 5) day.jumpMs -= DAY;
        writer.write(String(i));
        clock.advance(10 * SECOND);
      }
      await writer.close();
      expect(await payloadsOf(directory)).to.deep.equal(numbers(10));
      expect(clock.pendingTimers).to.equal(0);
    });

    it('back by a day: rolls by age once the new time reaches it', async () => {
      const day = new JumpingClock(clock);
      const writer = create({ clock: day, roll: rollByAge('1m') });
      writer.write('a');
      day.jumpMs -= DAY;
      clock.advance(DAY);
      expect(writer.stats().sealed).to.equal(0);
      await sealedBy(writer, () => clock.advance(MINUTE));
      await writer.close();
    });

    it('to parts of a millisecond: gives whole microseconds', async () => {
      const writer = create({
        clock: { ...clock, now: () => 1000.0001, setTimer: (go, ms) => clock.setTimer(go, ms) },
      });
      await pipeline(['a'], writer);
      const [archive] = await wholeArchives(directory);
      expect(archive?.index.entries[0]?.earliestMicros).to.equal(1_000_000);
    });
  });

  describe('roll()', () => {
    it('seals the records accepted so far now', async () => {
      const writer = create();
      writer.write('a');
      writer.write('b');
      await writer.roll();
      expect(await recordsOf()).to.deep.equal([2]);
      expect(writer.stats().sealed).to.equal(1);
      writer.write('c');
      await writer.roll();
      await writer.close();
      expect(await recordsOf()).to.deep.equal([2, 1]);
    });

    /** A writer whose disk waits at a gate, with more records than fit into its slabs. */
    async function busy(): Promise<{ writer: RollingWriteStream; gate: Gate }> {
      const gate = new Gate();
      const disk = new TestDisk((call) => (call === 'write' ? gate.pass() : undefined));
      const writer = create({ files: disk.files, roll: rollByCount(1000) });
      for (let n = 0; n < 301; n++) writer.write(String(n).padEnd(100_000));
      expect(writer.writableLength).to.be.greaterThan(100);
      return { writer, gate };
    }

    it('seals all records that were written before it, and none of those after it', async () => {
      const { gate, writer } = await busy();
      const rolled = writer.roll();
      writer.write('late');
      gate.open();
      await rolled;
      expect(writer.stats().sealedBytes).to.be.greaterThan(30_000_000);
      await writer.close();
      expect(await recordsOf()).to.deep.equal([301, 1]);
    });

    it('settles after the end, as flush does, though records still wait', async () => {
      const { gate, writer } = await busy();
      writer.end();
      const done = Promise.all([
        writer.roll(),
        writer.flush(),
        writer.flush({ until: 'sealed' }),
        writer.close(),
      ]);
      gate.open();
      await done;
      expect(await recordsOf()).to.deep.equal([301]);
    });

    it('rejects if the writer is destroyed while records wait', async () => {
      const { gate, writer } = await busy();
      const rolled = writer.roll().catch((error) => error);
      const failure = new Error('no more');
      writer.destroy(failure);
      writer.on('error', () => {});
      gate.open();
      expect(await rolled).to.equal(failure);
    });

    it('does nothing without a record', async () => {
      const writer = create();
      await writer.roll();
      writer.write('a');
      await Promise.all([writer.roll(), writer.roll()]);
      await writer.roll();
      await writer.close();
      await writer.roll();
      expect(await recordsOf()).to.deep.equal([1]);
    });

    it('settles after the listeners of `sealed` were called', async () => {
      const writer = create();
      const told: string[] = [];
      writer.on('sealed', () => told.push('sealed'));
      writer.write('a');
      await writer.roll();
      expect(told).to.deep.equal(['sealed']);
      await writer.close();
    });

    it('settles even if a busy source never leaves the disk idle', async () => {
      const gate = new Gate();
      const disk = new TestDisk((call) => (call === 'write' ? gate.pass() : undefined));
      const writer = create({ files: disk.files });
      const payload = 'x'.repeat(2 ** 20);
      let isRolled = false;
      let isDone = false;
      const source = async function* () {
        yield 'first';
        void writer.roll().then(() => {
          isRolled = true;
        });
        while (!isDone) yield payload;
      };
      const written = pipeline(source, writer);
      let writesAfterSeal = 0;
      while (!isRolled && writesAfterSeal < 10) {
        // Let through only when the next slab is full, so that the disk always has something to
        // write.
        await until(() => isRolled || (gate.waiting > 0 && writer.writableNeedDrain));
        if (writer.stats().sealed > 0) writesAfterSeal++;
        gate.letOne();
      }
      expect(isRolled).to.equal(true);
      isDone = true;
      gate.open();
      await written;
    });

    it('rejects if the archive cannot be sealed, and needs no handler for that', async () => {
      const failure = systemError('EINVAL', 'fsync');
      const disk = new TestDisk((call) => {
        if (call === 'sync') throw failure;
      });
      const writer = create({ files: disk.files });
      const outcome = outcomeOf(writer);
      const stop = catchUncaught();
      writer.write('a');
      void writer.roll();
      expect(await outcome).to.equal(failure);
      await setImmediate();
      expect(stop()).to.deep.equal([]);
      expect(await rejection(writer.roll())).to.equal(failure);
    });
  });

  describe('flushInterval', () => {
    it('writes a lone record to the open file', async () => {
      const disk = new TestDisk();
      const writer = create({ files: disk.files });
      writer.write('a');
      clock.advance(999);
      expect(await payloadsOf(directory)).to.deep.equal([]);
      clock.advance(1);
      await until(() => disk.writtenBytes > 0);
      expect(await payloadsOf(directory)).to.deep.equal(['a']);
      writer.write('b');
      clock.advance(SECOND);
      await until(async () => (await payloadsOf(directory)).length === 2);
      const [name = '', ...others] = (await readdir(directory)).sort();
      expect(name).to.match(/\.open$/);
      expect(others).to.deep.equal([`${name}.lock`]);
      await writer.close();
      expect(await payloadsOf(directory)).to.deep.equal(['a', 'b']);
    });

    it('also writes a record that comes while the one before is written', async () => {
      const gate = new Gate();
      const disk = new TestDisk((call) => (call === 'write' ? gate.pass() : undefined));
      const writer = create({ files: disk.files });
      writer.write('a');
      clock.advance(SECOND);
      await until(() => gate.waiting === 1);
      writer.write('b');
      clock.advance(SECOND);
      gate.open();
      await until(async () => (await payloadsOf(directory)).length === 2);
      await writer.close();
    });

    it('keeps the process alive until the record is written, and no longer', async () => {
      const source = new URL('../../lib/writing/rolling-write-stream.ts', import.meta.url);
      const program = `
        import { RollingWriteStream } from ${JSON.stringify(compiled(source))};
        const options = { directory: process.argv[1], flushInterval: 5 };
        new RollingWriteStream(options).write('a');
      `;
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--input-type=module', '-e', program, directory],
        { encoding: 'utf8' },
      );
      expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
      // The writer was not closed, so the archive is open, and its lease was not released.
      const suffixes = (await readdir(directory)).map((name) => name.slice(-5));
      expect(suffixes.sort()).to.deep.equal(['.lock', '.open']);
      expect(await payloadsOf(directory)).to.deep.equal(['a']);
    });
  });
});
