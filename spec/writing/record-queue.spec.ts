import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { RecordError } from '../../lib/errors/record-error.js';
import { SpoolFullError } from '../../lib/errors/spool-full-error.js';
import type { ArchiveShipper } from '../../lib/writing/handlers/archive-shipper.js';
import { NOTHING_SHIPPED } from '../../lib/writing/handlers/archive-shipper.js';
import type { Receipt } from '../../lib/writing/receipts/receipt.js';
import type { RollingWriteOptions } from '../../lib/writing/rolling-write-options.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { FakeClock } from '../support/fake-clock.js';
import { Gate, TestDisk } from '../support/test-disk.js';
import { outcomeOf, payloadsOf, wholeArchives } from '../support/writer-tools.js';

describe('RecordQueue', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-records-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const create = (options: Partial<RollingWriteOptions> = {}) =>
    new RollingWriteStream({ directory, clock: new FakeClock(), ...options });

  /** A record that does something while its payload is read. */
  const recordThat = (payload: string, act: () => unknown) => ({
    get payload() {
      act();
      return payload;
    },
  });

  it('takes a record at once if none waits', async () => {
    const writer = create();
    expect(writer.write('a')).to.equal(true);
    expect(writer.stats()).to.include({ records: 1, pendingRecords: 0 });
    await writer.close();
  });

  it('leaves a record in the buffer of a stream that is corked', async () => {
    const writer = create();
    writer.cork();
    writer.write('a');
    expect(writer.stats()).to.include({ records: 0, pendingRecords: 1 });
    writer.uncork();
    expect(writer.stats()).to.include({ records: 1, pendingRecords: 0 });
    await writer.close();
  });

  it('calls back after `write` has returned', async () => {
    const writer = create();
    const steps: string[] = [];
    const calledBack = new Promise<void>((resolve) => {
      writer.write('a', () => {
        steps.push('called back');
        resolve();
      });
    });
    steps.push('written');
    await calledBack;
    expect(steps).to.deep.equal(['written', 'called back']);
    await writer.close();
  });

  it('takes a record that the getters of another write after that one', async () => {
    const writer = create();
    writer.write(recordThat('a', () => writer.write('b')));
    writer.write('c');
    await writer.close();
    expect(await payloadsOf(directory)).to.deep.equal(['a', 'b', 'c']);
  });

  it('takes a record that the getters of another append after that one', async () => {
    const writer = create();
    const inner: Receipt[] = [];
    const outer = writer.append(recordThat('a', () => inner.push(writer.append('b'))));
    await writer.close();
    expect(await payloadsOf(directory)).to.deep.equal(['a', 'b']);
    const places = await Promise.all([outer, ...inner].map(({ written }) => written));
    expect(places.map(({ sequence }) => sequence)).to.deep.equal([0, 1]);
  });

  it('takes a record that the getters of an invalid one have written', async () => {
    const writer = create({ invalid: 'skip' });
    writer.write({
      get payload() {
        writer.write('a');
        return undefined as unknown as string;
      },
    });
    await writer.close();
    expect(await payloadsOf(directory)).to.deep.equal(['a']);
  });

  const ends: [what: string, end: (writer: RollingWriteStream) => unknown][] = [
    ['roll', (writer) => writer.roll()],
    ['end', (writer) => writer.end()],
    ['destroy', (writer) => writer.destroy()],
  ];
  for (const [what, end] of ends) {
    it(`leaves whole archives when the getters of a record ${what} the stream`, async () => {
      const writer = create();
      const outcome = outcomeOf(writer);
      writer.write('a');
      writer.write(recordThat('b', () => end(writer)));
      writer.end();
      await outcome;
      const payloads = (await wholeArchives(directory)).flatMap((archive) => archive.payloads);
      expect(payloads.slice(0, 1)).to.deep.equal(['a']);
      expect(payloads).to.have.length(writer.stats().records);
    });
  }

  it('reports an invalid record once, by the error of the stream', async () => {
    const writer = create();
    const errors: unknown[] = [];
    writer.on('error', (error) => errors.push(error));
    const outcome = outcomeOf(writer);
    writer.write('a');
    writer.write(7 as unknown as string);
    expect(await outcome).to.be.instanceOf(RecordError);
    expect(errors).to.have.length(1);
    expect(await payloadsOf(directory)).to.deep.equal(['a']);
  });

  it('reads an invalid record once', async () => {
    const writer = create();
    const outcome = outcomeOf(writer);
    let looks = 0;
    writer.write({
      get payload() {
        looks++;
        return undefined as unknown as string;
      },
    });
    expect(await outcome).to.be.instanceOf(RecordError);
    expect(looks).to.equal(1);
  });

  it('throws what Node throws for null', async () => {
    const writer = create();
    expect(() => writer.write(null as unknown as string))
      .to.throw()
      .with.property('code', 'ERR_STREAM_NULL_VALUES');
    await writer.close();
  });

  describe('ready', () => {
    let gate: Gate;
    let writer: RollingWriteStream;

    beforeEach(() => {
      gate = new Gate();
      const disk = new TestDisk((call) => (call === 'write' ? gate.pass() : undefined));
      writer = create({ files: disk.files, maxPendingBytes: '100 KiB' });
    });

    /** Writes until both slabs are full and the queue has more bytes than it may. */
    function fill(): void {
      while (writer.write('x'.repeat(64 * 1024)));
    }

    it('settles at once while there is room, and after the stream was destroyed', async () => {
      await writer.ready();
      fill();
      writer.destroy();
      await writer.ready();
      gate.open();
      await once(writer, 'close');
    });

    const ends: [what: string, end: () => unknown][] = [
      ['drain', () => gate.open()],
      [
        'close',
        () => {
          writer.destroy();
          gate.open();
        },
      ],
      ['end', () => writer.end()],
    ];
    for (const [what, end] of ends) {
      it(`settles with ${what}, for all callers that wait, and leaves no listeners`, async () => {
        fill();
        const closes = writer.listenerCount('close');
        const waiting = [writer.ready(), writer.ready()];
        const before = writer.listenerCount('drain');
        end();
        await Promise.all(waiting);
        expect(before).to.equal(2);
        expect([
          writer.listenerCount('drain'),
          writer.listenerCount('close') - closes,
        ]).to.deep.equal([0, 0]);
        gate.open();
        await writer.close().catch(() => undefined);
      });
    }

    it('waits on after an event that brought no room', async () => {
      fill();
      writer.emit('drain');
      const waiting = writer.ready();
      writer.emit('drain');
      let isOver = false;
      void waiting.then(() => {
        isOver = true;
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(isOver).to.equal(false);
      gate.open();
      await waiting;
      await writer.close();
    });
  });

  describe('while the budget of the disk is used up', () => {
    const failure = new SpoolFullError(10, 10);
    let gate: Gate;
    let writer: RollingWriteStream;
    let isFull: () => boolean;
    let isBlocked: () => boolean;

    beforeEach(() => {
      isFull = () => false;
      isBlocked = () => false;
      gate = new Gate();
      const disk = new TestDisk((call) => (call === 'write' ? gate.pass() : undefined));
      const state = () => NOTHING_SHIPPED;
      const shipper: ArchiveShipper = {
        start: async () => {},
        add: () => {},
        adopt: () => {},
        room: () => (isBlocked() ? new Promise(() => {}) : null),
        checkRoom() {
          if (isFull()) throw failure;
        },
        drain: async () => state(),
        state,
        stop: async () => {},
      };
      writer = create({ files: disk.files, shipper });
    });

    it('refuses an append, and takes the next one if there is room again', async () => {
      isFull = () => true;
      expect(() => writer.append('a')).to.throw(SpoolFullError);
      isFull = () => false;
      writer.append('b');
      gate.open();
      await writer.close();
      expect(await payloadsOf(directory)).to.deep.equal(['b']);
    });

    it('rejects the receipt of an append whose turn comes then, and takes the others', async () => {
      let records = 0;
      for (; writer.writableLength === 0; records++) writer.write('x'.repeat(64 * 1024));
      const receipts = ['refused', 'taken'].map((payload) => writer.append(payload));
      let refusals = 0;
      isFull = () => writer.stats().records === records && refusals++ === 0;
      gate.open();
      expect(await receipts[0]?.synced.catch((error) => error)).to.equal(failure);
      expect(await receipts[1]?.synced).to.have.property('sequence', records);
      await writer.close();
      expect((await payloadsOf(directory)).slice(records)).to.deep.equal(['taken']);
    });

    it('lets flush settle when all records before it were taken', async () => {
      let records = 0;
      for (; writer.writableLength === 0; records++) writer.write('x'.repeat(64 * 1024));
      expect(writer.stats().records).to.equal(records - 1);
      isBlocked = () => writer.stats().records === records;
      const flushed = writer.flush();
      gate.open();
      writer.write('held back');
      await flushed;
      expect(writer.stats()).to.include({ records, pendingRecords: 1 });
      await writer.close();
      expect((await payloadsOf(directory)).slice(records)).to.deep.equal(['held back']);
    });
  });
});
