import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { parseFormatOptions } from '../../../lib/codec/create-record-encoder.js';
import type { RecordInput } from '../../../lib/codec/records/record-input.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { TemplateError } from '../../../lib/errors/template-error.js';
import { ArchiveTemplate } from '../../../lib/series/names/archive-template.js';
import { rollByAge, rollByCount, rollNever } from '../../../lib/writing/policies/roll-policies.js';
import type { ReceiptAnchor } from '../../../lib/writing/receipts/receipt.js';
import { Roller, type RollerOptions } from '../../../lib/writing/rolling/roller.js';
import { DiskFigures } from '../../../lib/writing/sink/disk-figures.js';
import { DiskRetry } from '../../../lib/writing/sink/disk-retry.js';
import { SLAB_BYTES } from '../../../lib/writing/sink/slab-keeper.js';
import { WRITER_ID } from '../../support/encode-archive.js';
import { FakeClock } from '../../support/fake-clock.js';
import { Gate, systemError, TestDisk } from '../../support/test-disk.js';
import { until } from '../../support/until.js';
import { payloadsOf, wholeArchives } from '../../support/writer-tools.js';

const FLUSH_INTERVAL_MS = 1000;

/** More than half a slab, so that two such records fill one. */
const LARGE = 'x'.repeat(SLAB_BYTES / 2 + 1);

describe('Roller', () => {
  let directory: string;
  let disk: TestDisk;
  let clock: FakeClock;
  let events: string[];
  let failures: unknown[];
  let roomCalls: number;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-roller-'));
    disk = new TestDisk();
    clock = new FakeClock();
    events = [];
    failures = [];
    roomCalls = 0;
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  function create(options: Partial<RollerOptions> = {}): Roller {
    return new Roller({
      directory,
      template: new ArchiveTemplate('[[SEQUENCE]].events'),
      policy: rollNever(),
      settings: parseFormatOptions({}),
      indexedKeys: [],
      writerId: WRITER_ID,
      flushIntervalMs: FLUSH_INTERVAL_MS,
      syncMode: 'no',
      maxUnsyncedBytes: 16 * SLAB_BYTES,
      retry: new DiskRetry(clock, { onStalled: () => {}, onResumed: () => {} }),
      figures: new DiskFigures(),
      clock,
      files: disk.files,
      ready: Promise.resolve(),
      listener: {
        onBegin: ({ name, records }) => events.push(`begin ${name} with ${records}`),
        onOpened: ({ name }) => events.push(`open ${name}`),
        onSealed: ({ name, records }) => events.push(`sealed ${name} of ${records}`),
        onLost: () => {},
        onTakenOver: () => {},
        onFailure: (error) => failures.push(error),
      },
      onRoom: () => roomCalls++,
      ...options,
    });
  }

  function addTo(roller: Roller, record: RecordInput): ReceiptAnchor {
    roller.add(record);
    return roller.lastAnchor();
  }

  const writes = () => disk.calls.filter((call) => call === 'write').length;

  /** Gives the disk time to do its work. */
  async function settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await readdir(directory);
  }

  describe('lastAnchor', () => {
    it('says where each record is', async () => {
      const roller = create({ policy: rollByCount(2) });
      const anchors = ['a', 'b', 'c'].map((payload) => addTo(roller, payload));
      expect(anchors.map(({ recordNumber }) => recordNumber)).to.deep.equal([0, 1, 0]);
      expect(anchors.map(({ sequence }) => sequence)).to.deep.equal([0, 1, 2]);
      expect(anchors[0]?.progress).to.equal(anchors[1]?.progress);
      expect(anchors[0]?.progress).not.to.equal(anchors[2]?.progress);
      await roller.end();
      expect(anchors.map(({ progress }) => progress.archive)).to.deep.equal([
        '000000.events',
        '000000.events',
        '000001.events',
      ]);
    });

    it('gives no sequence in a format that has none', async () => {
      const roller = create({ settings: parseFormatOptions({ format: 'jsonl' }) });
      expect(addTo(roller, '{}')).to.include({ recordNumber: 0, sequence: undefined });
      await roller.end();
    });
  });

  describe('add', () => {
    it('copies what it needs of a record', async () => {
      const roller = create();
      const payload = Buffer.from('before');
      roller.add(payload);
      payload.fill('x');
      await roller.end();
      expect(await payloadsOf(directory)).to.deep.equal(['before']);
    });

    it('reports the first record of each archive, when it is counted', async () => {
      const roller = create({ policy: rollByCount(2) });
      for (const payload of ['a', 'b', 'c']) roller.add(payload);
      expect(events).to.deep.equal(['begin 000000.events with 1', 'begin 000001.events with 1']);
      await roller.end();
    });

    it('takes nothing of an invalid record', async () => {
      const roller = create();
      expect(() => roller.add({ payload: 'lone \ud800' })).to.throw(RecordError);
      expect(roller.records).to.equal(0);
      expect(events).to.deep.equal([]);
      expect(clock.pendingTimers).to.equal(0);
      roller.add('good');
      expect(roller.records).to.equal(1);
      await roller.end();
      expect(await payloadsOf(directory)).to.deep.equal(['good']);
    });

    it('takes nothing of a record whose archive cannot be named', async () => {
      clock = new FakeClock(Number.NaN);
      const roller = create({ template: new ArchiveTemplate('%Y.events') });
      expect(() => roller.add('a')).to.throw(TemplateError);
      expect(roller.records).to.equal(0);
      await roller.end();
      expect(await readdir(directory)).to.deep.equal([]);
    });
  });

  describe('slabs', () => {
    it('go to the disk when they are full', async () => {
      const roller = create();
      roller.add(LARGE);
      await settle();
      expect(writes()).to.equal(0);
      roller.add(LARGE);
      await until(() => writes() === 1);
      await roller.end();
    });

    it('go to the disk when the flush interval since their first record is over', async () => {
      const roller = create();
      roller.add('a');
      clock.advance(FLUSH_INTERVAL_MS - 1);
      roller.add('b');
      await settle();
      expect(writes()).to.equal(0);
      clock.advance(1);
      await until(() => writes() === 1);
      expect(await payloadsOf(join(directory, '*.open'))).to.deep.equal(['a', 'b']);
      await roller.end();
    });

    it('wait while the disk is busy, with all records that come meanwhile', async () => {
      const gate = new Gate();
      disk.hook = (call) => (call === 'write' ? gate.pass() : undefined);
      const roller = create();
      roller.add('a');
      clock.advance(FLUSH_INTERVAL_MS);
      roller.add('b');
      clock.advance(FLUSH_INTERVAL_MS);
      roller.add('c');
      await until(() => gate.waiting === 1);
      expect(roller.waitingBytes).to.equal(0);
      gate.open();
      await until(() => writes() === 2);
      await settle();
      expect(writes()).to.equal(2);
      expect(await payloadsOf(join(directory, '*.open'))).to.deep.equal(['a', 'b', 'c']);
      await roller.end();
    });

    it('are full while one waits for another to be written', async () => {
      const gate = new Gate();
      disk.hook = (call) => (call === 'write' ? gate.pass() : undefined);
      const roller = create();
      for (let i = 0; i < 2; i++) roller.add(LARGE);
      expect([roller.isFull, roller.waitingBytes]).to.deep.equal([false, 0]);
      for (let i = 0; i < 2; i++) roller.add(LARGE);
      expect(roller.isFull).to.equal(true);
      expect(roller.waitingBytes).to.be.above(2 * LARGE.length);
      await until(() => gate.waiting === 1);
      expect(roomCalls).to.equal(0);
      gate.letOne();
      await until(() => roomCalls === 1);
      expect([roller.isFull, roller.waitingBytes]).to.deep.equal([false, 0]);
      gate.open();
      await roller.end();
      expect(await payloadsOf(directory)).to.have.length(4);
    });

    it('take records beyond two full ones if the caller ignores `isFull`', async () => {
      const gate = new Gate();
      disk.hook = (call) => (call === 'write' ? gate.pass() : undefined);
      const roller = create();
      for (let i = 0; i < 10; i++) roller.add(LARGE);
      expect(roller.records).to.equal(10);
      expect(roller.waitingBytes).to.be.above(8 * LARGE.length);
      gate.open();
      await roller.end();
      expect(await payloadsOf(directory)).to.have.length(10);
    });
  });

  describe('archives', () => {
    it('end with the record after which the policy says so', async () => {
      const roller = create({ policy: rollByCount(2) });
      for (const payload of ['a', 'b', 'c', 'd', 'e']) roller.add(payload);
      await roller.end();
      const archives = await wholeArchives(directory);
      expect(archives.map(({ payloads }) => payloads)).to.deep.equal([
        ['a', 'b'],
        ['c', 'd'],
        ['e'],
      ]);
      expect(archives.map(({ nextSequence }) => nextSequence)).to.deep.equal([2, 4, 5]);
      expect(archives.map(({ index }) => index.writerEnded)).to.deep.equal([false, false, true]);
    });

    it('end at the time that the policy names, if no record comes', async () => {
      const roller = create({ policy: rollByAge('5m') });
      roller.add('a');
      clock.advance(5 * 60_000);
      await until(() => events.includes('sealed 000000.events of 1'));
      await roller.end();
      expect(clock.pendingTimers).to.equal(0);
    });

    it('continue when the policy throws, and the error is reported', async () => {
      const failure = new Error('policy');
      const isDue = () => {
        throw failure;
      };
      const roller = create({ policy: { isDue } });
      expect(addTo(roller, 'a')).to.include({ recordNumber: 0, sequence: 0 });
      expect(failures).to.deep.equal([failure]);
      await roller.end();
      expect(await payloadsOf(directory)).to.deep.equal(['a']);
    });
  });

  describe('roll', () => {
    it('seals the open archive, and settles when it and those before it are sealed', async () => {
      const gate = new Gate();
      disk.hook = (call) => (call === 'sync' ? gate.pass() : undefined);
      const roller = create({ policy: rollByCount(2) });
      for (const payload of ['a', 'b', 'c']) roller.add(payload);
      let hasSettled = false;
      const rolled = roller.roll().then(() => {
        hasSettled = true;
      });
      await until(() => gate.waiting === 1);
      gate.letOne();
      await until(() => events.includes('sealed 000000.events of 2'));
      await settle();
      expect(hasSettled).to.equal(false);
      gate.open();
      await rolled;
      expect(events.at(-1)).to.equal('sealed 000001.events of 1');
      roller.add('d');
      await roller.end();
      expect((await wholeArchives(directory)).map(({ payloads }) => payloads)).to.deep.equal([
        ['a', 'b'],
        ['c'],
        ['d'],
      ]);
    });

    it('makes no archive without a record, and waits for the seals under way', async () => {
      const roller = create();
      await roller.roll();
      roller.add('a');
      await Promise.all([roller.roll(), roller.roll()]);
      await roller.roll();
      await roller.end();
      expect(events.filter((event) => event.startsWith('sealed'))).to.deep.equal([
        'sealed 000000.events of 1',
      ]);
    });

    it('leaves a record whole whose getters call it', async () => {
      const roller = create();
      const rolls: Promise<void>[] = [];
      roller.add({
        get payload() {
          rolls.push(roller.roll());
          return 'a';
        },
      });
      await Promise.all(rolls);
      roller.add('b');
      await roller.end();
      expect((await wholeArchives(directory)).map(({ payloads }) => payloads)).to.deep.equal([
        ['a'],
        ['b'],
      ]);
    });

    it('settles when writing ends without the seal', async () => {
      disk.hook = (call) => {
        if (call === 'sync') throw systemError('EINVAL', call);
      };
      const roller = create();
      roller.add('a');
      const rolled = roller.roll();
      await until(() => failures.length > 0);
      await roller.end();
      await rolled;
      expect(await readdir(directory)).to.deep.equal(['000000.events.open']);
      expect(disk.openFiles).to.equal(0);
    });
  });

  describe('syncSoon', () => {
    const synced = () => disk.calls.filter((call) => call === 'datasync').length;

    it('writes the slab and syncs it, once for all calls of a turn', async () => {
      const roller = create();
      const anchors = ['a', 'b'].map((payload) => {
        const anchor = addTo(roller, payload);
        roller.syncSoon();
        return anchor;
      });
      await Promise.all(
        anchors.map(({ progress, recordNumber }) =>
          progress.reached('synced', recordNumber, () => undefined),
        ),
      );
      expect([writes(), synced()]).to.deep.equal([1, 1]);
      await roller.end();
    });

    it('does nothing without a record, or for records that are synced', async () => {
      const roller = create();
      roller.syncSoon();
      const { progress } = addTo(roller, 'a');
      roller.syncSoon();
      await progress.reached('synced', 0, () => undefined);
      roller.syncSoon();
      await settle();
      expect(synced()).to.equal(1);
      await roller.end();
    });
  });

  describe('end', () => {
    it('seals the open archive, closes every file, and leaves no timer', async () => {
      const roller = create({ policy: rollByAge('5m'), syncMode: 'everysec' });
      roller.add('a');
      await roller.end();
      expect(await payloadsOf(directory)).to.deep.equal(['a']);
      expect(events.at(-1)).to.equal('sealed 000000.events of 1');
      expect([disk.openFiles, clock.pendingTimers]).to.deep.equal([0, 0]);
    });

    it('makes no archive without a record', async () => {
      await create().end();
      expect(await readdir(directory)).to.deep.equal([]);
    });

    it('leaves an archive open that cannot be written, and leaves no timer', async () => {
      const failure = systemError('EINVAL', 'write');
      const roller = create({ syncMode: 'everysec' });
      const { progress } = addTo(roller, 'a');
      clock.advance(FLUSH_INTERVAL_MS);
      await progress.reached('written', 0, () => undefined);
      disk.hook = (call) => {
        if (call === 'write') throw failure;
      };
      roller.add('b');
      await roller.end();
      expect(failures).to.deep.equal([failure]);
      expect(await readdir(directory)).to.deep.equal(['000000.events.open']);
      expect([disk.openFiles, clock.pendingTimers]).to.deep.equal([0, 0]);
    });
  });
});
