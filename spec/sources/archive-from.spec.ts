import { once } from 'node:events';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { expect } from 'chai';

import {
  type ArchiveWriterOptions,
  archiveFrom,
  createArchiveReader,
  createArchiveWriter,
  createPartitionedWriter,
  rollByCount,
} from '../../lib/index.js';
import type { SourceSeries } from '../../lib/sources/contract/record-source.js';
import { FakeClock } from '../support/fake-clock.js';
import { deliver, ListSource, range } from '../support/list-source.js';
import { MemoryStore } from '../support/memory-store.js';
import { TemporaryDirectories } from '../support/series.js';
import { until } from '../support/until.js';

describe('archiveFrom', () => {
  const temporary = new TemporaryDirectories();
  let root: string;

  beforeEach(async () => {
    root = await temporary.make();
  });
  afterEach(() => temporary.remove());

  /** Archives from a source until the function that it returns is called. */
  function begin(
    source: ListSource,
    options: Partial<ArchiveWriterOptions> = {},
    more: Parameters<typeof archiveFrom>[2] = {},
  ) {
    const ending = new AbortController();
    const create = (series: SourceSeries) =>
      createArchiveWriter({ directory: join(root, series.path), ...series.options, ...options });
    const archived = archiveFrom(source, create, { ...more, signal: ending.signal });
    archived.catch(() => undefined);
    const end = async () => {
      ending.abort();
      return await archived;
    };
    return { end, archived };
  }

  async function read(path = 'topic/0'): Promise<number[]> {
    const reader = createArchiveReader(join(root, path), { allowEmpty: true });
    const sequences: number[] = [];
    for await (const { sequence = -1 } of reader) sequences.push(sequence);
    return sequences;
  }

  it('archives every record, acknowledges the last, and seals everything at the end', async () => {
    const source = new ListSource();
    const { end } = begin(source);
    const intake = await source.open();
    await deliver(intake, range(0, 3000));
    const { acknowledgements, left, records, series, skipped } = await end();
    expect({ left, records, series, skipped }).to.deep.equal({
      ...{ left: [], records: 3000, series: 1, skipped: 0 },
    });
    expect(source.acknowledged()).to.equal(2999);
    expect(acknowledgements).to.equal(source.requests.length);
    expect(source.calls).to.deep.equal(['start', 'stop', 'close']);
    expect(await read()).to.deep.equal(range(0, 3000));
  });

  it('acknowledges records as soon as they are synced, while it waits for others', async () => {
    const source = new ListSource();
    const { end } = begin(source);
    const intake = await source.open();
    await deliver(intake, range(0, 10));
    await until(() => source.acknowledged() === 9);
    expect(await read()).to.deep.equal(range(0, 10));
    await end();
  });

  it('collects positions of all series for the interval of the source', async () => {
    const clock = new FakeClock();
    const source = new ListSource(1000);
    const { end } = begin(source, {}, { clock });
    const intakes = [await source.open('topic/0'), await source.open('topic/1')];
    for (const round of [0, 1, 2]) {
      for (const intake of intakes) await deliver(intake, range(round * 10, round * 10 + 10));
      await until(() => {
        clock.advance(100);
        return source.requests.length > round;
      });
    }
    await end();
    // The first request may come when one of the series is safe, and the other is not yet.
    expect(source.requests.length).to.be.within(3, 5);
    for (const path of ['topic/0', 'topic/1']) expect(source.acknowledged(path)).to.equal(29);
  });

  it('acknowledges with `shipped` only what the store has confirmed, archive by archive', async () => {
    const store = new MemoryStore();
    const puts: (() => void)[] = [];
    store.before = (operation) =>
      operation === 'put' ? new Promise((resolve) => puts.push(resolve)) : undefined;
    const source = new ListSource();
    const options = { ship: { to: store, concurrency: 1 }, roll: rollByCount(100) };
    const { end } = begin(source, options, { ack: 'shipped' });
    await deliver(await source.open(), range(0, 250));
    await until(() => puts.length === 1);
    expect(source.requests).to.deep.equal([]);
    puts[0]?.();
    await until(() => puts.length === 2);
    await until(() => source.acknowledged() === 99);
    puts[1]?.();
    await until(() => source.acknowledged() === 199);
    expect(source.requests).to.deep.equal([{ 'topic/0': 99 }, { 'topic/0': 199 }]);
    const ended = end();
    await until(() => puts.length === 3);
    puts[2]?.();
    await ended;
    expect(source.acknowledged()).to.equal(249);
  });

  it('says with `shipped` what a dead store lacks, and does not acknowledge it', async () => {
    const store = new MemoryStore();
    store.before = (operation) => {
      if (operation === 'put') throw new Error('the store is down');
    };
    const source = new ListSource();
    const options = { ship: { to: store }, roll: rollByCount(10) };
    const { archived, end } = begin(source, options, { ack: 'shipped', deadlineMs: 50 });
    await deliver(await source.open(), range(0, 25));
    const { left } = await end();
    await archived;
    expect(left).to.have.length(3);
    expect(source.requests).to.deep.equal([]);
  });

  it('takes records of a source without numbers', async () => {
    const source = new ListSource();
    const { end } = begin(source);
    await deliver(await source.open('queue', 'none'), range(1, 51), (tag) => `message ${tag}`);
    await end();
    expect(source.acknowledged('queue')).to.equal(50);
    expect(await read('queue')).to.deep.equal(range(0, 50));
  });

  it('takes records again whose positions jump back, and archives each once', async () => {
    const source = new ListSource();
    const { end } = begin(source);
    const intake = await source.open();
    await deliver(intake, range(0, 100));
    await until(() => source.acknowledged() === 99);
    await deliver(intake, range(50, 150));
    await end();
    const positions = source.requests.map((request) => request['topic/0'] ?? -1);
    expect(positions).to.deep.equal(positions.toSorted((a, b) => a - b));
    expect(positions.at(-1)).to.equal(149);
    expect(await read()).to.deep.equal(range(0, 150));
  });

  it('gives the same intake for a series that is open, and another one after its release', async () => {
    const source = new ListSource();
    const { end } = begin(source);
    const intake = await source.open();
    expect(await source.open()).to.equal(intake);
    await deliver(intake, range(0, 10));
    await until(() => source.acknowledged() === 9);
    intake.release();
    intake.release();
    expect(source.stats().series).to.equal(0);
    await deliver(intake, range(10, 20));
    const again = await source.open();
    expect(again).not.to.equal(intake);
    await deliver(again, range(5, 15));
    await end();
    expect(source.acknowledged()).to.equal(14);
    expect(await read()).to.deep.equal(range(0, 15));
  });

  it('acknowledges nothing of a released series, and archives what was taken', async () => {
    const source = new ListSource();
    const { end } = begin(source);
    const intake = await source.open();
    await deliver(intake, range(0, 10));
    intake.release();
    await end();
    expect(source.requests).to.deep.equal([]);
    expect(await read()).to.deep.equal(range(0, 10));
  });

  for (const ack of ['synced', 'shipped'] as const) {
    it(`divides a series into partitions, and acknowledges what all of them have ${ack}`, async () => {
      const store = await temporary.make();
      const source = new ListSource();
      const ending = new AbortController();
      const archived = archiveFrom(
        source,
        ({ options: { createDirectory, ...options } }) =>
          createPartitionedWriter({
            ...{ directory: root, partition: 'rest=[[metadata.rest]]', maxOpen: 2 },
            ...{ ...options, ship: { to: store } },
          }),
        { ack, signal: ending.signal },
      );
      const intake = await source.open();
      await deliver(intake, range(0, 500), (sequence) => ({
        ...{ payload: `record ${sequence}`, sequence, timeMicros: sequence },
        metadata: { rest: String(sequence % 5) },
      }));
      if (ack === 'synced') await until(() => source.acknowledged() === 499);
      ending.abort();
      await archived;
      expect(source.acknowledged()).to.equal(499);
      const positions = source.requests.map((request) => request['topic/0'] ?? -1);
      expect(positions).to.deep.equal(positions.toSorted((a, b) => a - b));
      const reader = createArchiveReader(join(store, '**'), { order: 'time' });
      const sequences = (await reader.toArray()).map(({ sequence = -1 }) => sequence);
      expect(sequences.sort((a, b) => a - b)).to.deep.equal(range(0, 500));
    });
  }

  it('holds the source back while a writer has no room', async () => {
    const store = new MemoryStore();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    store.before = (operation) => (operation === 'put' ? held : undefined);
    const source = new ListSource();
    const ship = { to: store, maxSpoolBytes: '4 KiB' };
    const { end } = begin(source, { ship, roll: rollByCount(50), maxPendingBytes: '1 KiB' });
    const intake = await source.open();
    let taken = 0;
    const delivering = (async () => {
      for (const position of range(0, 600)) {
        const record = { payload: 'x'.repeat(100), sequence: position, timeMicros: 0 };
        const hasRoom = intake.take(position, record);
        taken = position;
        if (!hasRoom) await intake.ready();
      }
    })();
    await until(() => store.count('put') > 0);
    for (const _ of range(0, 100)) await setImmediate();
    expect(taken).to.be.lessThan(200);
    release();
    await delivering;
    await end();
    expect(await read()).to.deep.equal([]);
    expect(source.acknowledged()).to.equal(599);
  });

  it('fails with an invalid record, and keeps the records before it', async () => {
    const source = new ListSource();
    const { archived } = begin(source);
    const intake = await source.open();
    await deliver(intake, range(0, 10));
    intake.take(10, { payload: 'a', sequence: -1 });
    const error = await archived.catch((reason) => reason);
    expect(error).to.have.property('name', 'RecordError');
    expect(source.acknowledged()).to.equal(9);
    expect(source.calls).to.deep.equal(['start', 'stop', 'close']);
    expect(await read()).to.deep.equal(range(0, 10));
  });

  it('skips such a record with `invalid: skip`, and acknowledges it', async () => {
    const source = new ListSource();
    const { end } = begin(source, {}, { invalid: 'skip' });
    const intake = await source.open();
    await deliver(intake, range(0, 10));
    const invalid = once(source, 'invalid');
    intake.take(10, { payload: 'a', sequence: -1 });
    const [{ position, reason, record, series }] = await invalid;
    expect({ position, record, series }).to.deep.equal({
      ...{ position: 10, record: { payload: 'a', sequence: -1 }, series: 'topic/0' },
    });
    expect(reason.message).to.match(/^sequence of a record .*: it is position 10 of /);
    const { records, skipped } = await end();
    expect({ records, skipped }).to.deep.equal({ records: 10, skipped: 1 });
    expect(source.acknowledged()).to.equal(10);
  });

  it('acknowledges no skipped record that a listener could not keep', async () => {
    const source = new ListSource();
    const { archived } = begin(source, {}, { invalid: 'skip' });
    const intake = await source.open();
    await deliver(intake, range(0, 10));
    source.on('invalid', () => {
      throw new Error('no room');
    });
    intake.take(10, { payload: 'a', sequence: -1 });
    expect((await archived.catch((reason) => reason)).message).to.equal('no room');
    expect(source.acknowledged()).to.equal(9);
  });

  it('fails when the writer, its function, the source or an acknowledgement does', async () => {
    const failures: Record<string, (source: ListSource) => Promise<unknown>> = {
      async writer(source) {
        const { archived } = begin(source, { directory: `${root}/none`, createDirectory: false });
        await source.open();
        return archived;
      },
      async function(source) {
        const archived = archiveFrom(source, () => Promise.reject(new Error('function')));
        await source.open().catch(() => undefined);
        return archived;
      },
      async source(source) {
        const { archived } = begin(source);
        await source.started;
        source.fail(new Error('source'));
        return archived;
      },
      async start(source) {
        source.start = () => Promise.reject(new Error('start'));
        return begin(source).archived;
      },
      async acknowledgement(source) {
        source.onAcknowledge = () => Promise.reject(new Error('acknowledgement'));
        const { archived } = begin(source);
        await deliver(await source.open(), range(0, 10));
        return archived;
      },
    };
    for (const [name, fail] of Object.entries(failures)) {
      const source = new ListSource();
      const error = await fail(source).then(
        () => undefined,
        (reason) => reason,
      );
      expect(error, name).to.be.an.instanceOf(Error);
      expect(source.calls.slice(-2), name).to.deep.equal(['stop', 'close']);
    }
  });

  it('fails with `shipped` if the writer ships nothing', async () => {
    const source = new ListSource();
    const { archived } = begin(source, {}, { ack: 'shipped' });
    await deliver(await source.open(), range(0, 10));
    const error = await archived.catch((reason) => reason);
    expect(error).to.have.property('code', 'ERR_NOT_SHIPPED');
  });

  it('ends with a signal that has aborted, and while the source connects', async () => {
    const early = new ListSource();
    await archiveFrom(early, () => createArchiveWriter({ directory: root }), {
      signal: AbortSignal.abort(),
    });
    expect(early.calls).to.deep.equal(['start', 'stop', 'close']);
    const stuck = new ListSource();
    stuck.start = () => new Promise(() => {});
    const { end } = begin(stuck);
    await end();
    expect(stuck.calls).to.deep.equal(['stop', 'close']);
  });

  it('reports lost positions to a listener, or as a warning', async () => {
    const source = new ListSource();
    const lost: unknown[] = [];
    source.on('lost', (range) => lost.push(range));
    source.lose(5, 10);
    expect(lost).to.deep.equal([{ series: 'topic/0', from: 5, to: 10, reason: 'expired' }]);
    expect(source.stats().lost).to.equal(5);
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    new ListSource().lose(5, 10);
    expect(await warned)
      .to.have.property('message')
      .that.matches(/^positions 5 to 9 of topic\/0 are lost: they expired/);
  });

  it('refuses options that make no sense', async () => {
    const create = () => createArchiveWriter({ directory: root });
    const calls: [RegExp, () => Promise<unknown>][] = [
      [
        /^ack is "written"/,
        () => archiveFrom(new ListSource(), create, { ack: 'written' as 'synced' }),
      ],
      [/^source is \{\}/, () => archiveFrom({} as ListSource, create)],
      [/^createWriter is undefined/, () => archiveFrom(new ListSource(), undefined as never)],
      [/unknown option/, () => archiveFrom(new ListSource(), create, { acks: 1 } as object)],
    ];
    for (const [message, call] of calls) {
      const error = await call().catch((reason) => reason);
      expect(error).to.be.an.instanceOf(TypeError).with.property('message').that.matches(message);
    }
  });
});
