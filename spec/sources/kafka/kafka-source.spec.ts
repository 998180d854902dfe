import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import {
  type ArchiveFromOptions,
  type ArchiveWriterOptions,
  createArchiveReader,
  createArchiveWriter,
  rollByAge,
  rollByCount,
  SourceDivergedError,
} from '../../../lib/index.js';
import type { LostPositions } from '../../../lib/sources/contract/record-source.js';
import {
  archiveFrom,
  createKafkaSource,
  type KafkaSourceOptions,
} from '../../../lib/sources/kafka.js';
import { compiled } from '../../support/compiled.js';
import { CONSUMER, KAFKA_BROKERS, KafkaTopics, NO_KAFKA } from '../../support/kafka.js';
import { range } from '../../support/list-source.js';
import { MemoryStore } from '../../support/memory-store.js';
import { TemporaryDirectories } from '../../support/series.js';
import { until } from '../../support/until.js';

/** A group needs seconds to elect, more while other programs use the machine. */
const POLL = { everyMs: 20, mostMs: 45_000 };

const CHILD = new URL('../../support/kafka-child.ts', import.meta.url);

describe('createKafkaSource, on a real broker', function () {
  this.timeout(60_000);
  const temporary = new TemporaryDirectories();
  let topics: KafkaTopics;
  let root: string;

  before(function () {
    if (KAFKA_BROKERS !== undefined) return;
    console.log(`      ${NO_KAFKA}`);
    this.skip();
  });
  beforeEach(async () => {
    topics = new KafkaTopics();
    root = await temporary.make();
  });
  afterEach(async () => {
    await topics.remove();
    await temporary.remove();
  });

  interface ArchiverOptions {
    readonly source?: Partial<KafkaSourceOptions>;
    readonly writer?: Partial<ArchiveWriterOptions>;
    readonly from?: ArchiveFromOptions;
    readonly root?: string;
  }

  /** Begins to archive topics. */
  function begin(topic: string, options: ArchiverOptions = {}) {
    const source = createKafkaSource({
      ...{ kafka: topics.kafka, groupId: topic, topics: topic, consumer: CONSUMER },
      ...{ commitInterval: 50 },
      ...options.source,
    });
    const lost: LostPositions[] = [];
    source.on('lost', (positions) => lost.push(positions));
    const ending = new AbortController();
    const archived = archiveFrom(
      source,
      (series) =>
        createArchiveWriter({
          directory: join(options.root ?? root, series.path),
          ...series.options,
          ...options.writer,
        }),
      { ...options.from, signal: ending.signal },
    );
    const failed = new Promise<never>((_, reject) => archived.catch(reject));
    failed.catch(() => undefined);
    /** Settles when the group has committed an offset, or the archiving has failed. */
    const committed = async (offset: number, partition = 0) => {
      const isCommitted = async () => ((await topics.committed(topic))[partition] ?? -1) >= offset;
      const what = `offset ${offset} of partition ${partition} is committed`;
      await Promise.race([until(isCommitted, { ...POLL, what }), failed]);
    };
    const end = async () => {
      ending.abort();
      return await archived;
    };
    return { source, lost, committed, archived, end };
  }

  /** A new topic, and so many messages in it that are archived and committed. */
  async function archivedTopic(messages: number): Promise<string> {
    const topic = await topics.make();
    await topics.sendNumbers(topic, 0, messages);
    const { committed, end, lost } = begin(topic);
    await committed(messages);
    await end();
    expect(lost).to.deep.equal([]);
    return topic;
  }

  async function read(topic: string, partition = 0, directory = root): Promise<number[]> {
    const reader = createArchiveReader(join(directory, topic, String(partition)));
    const values: number[] = [];
    for await (const { payload } of reader) values.push(Number(payload.toString()));
    return values;
  }

  it('archives every message, and commits what is synced', async () => {
    const topic = await topics.make();
    await topics.sendNumbers(topic, 0, 1000);
    const { committed, end } = begin(topic);
    await committed(1000);
    await topics.sendNumbers(topic, 1000, 1100);
    await committed(1100);
    const { records } = await end();
    expect(records).to.equal(1100);
    expect(await read(topic)).to.deep.equal(range(0, 1100));
  });

  it('stores key, headers, tombstones and bytes that are no text as metadata', async () => {
    const topic = await topics.make();
    const timestamp = '1700000000123';
    await topics.send(topic, [
      { key: 'a', value: '{"n":1}', headers: { trace: 'x', many: ['1', '2'] }, timestamp },
      { key: Buffer.from([0xff]), value: null, timestamp },
      { value: 'plain', headers: { h: 'base64:no' }, timestamp },
    ]);
    const { committed, end } = begin(topic);
    await committed(3);
    await end();
    const records = await createArchiveReader(join(root, topic, '0')).toArray();
    const seen = records.map(({ metadata, payload, sequence, timeMicros }) => ({
      ...{ payload: payload.toString(), sequence, timeMicros },
      metadata: { ...metadata },
    }));
    const timeMicros = 1_700_000_000_123_000;
    expect(seen).to.deep.equal([
      {
        ...{ payload: '{"n":1}', sequence: 0, timeMicros },
        metadata: {
          ...{ 'kafka.key': 'a', 'kafka.header.trace': 'x' },
          ...{ 'kafka.header.many': '1', 'kafka.header.many.1': '2' },
        },
      },
      {
        ...{ payload: '', sequence: 1, timeMicros },
        metadata: { 'kafka.key': 'base64:/w==', 'kafka.tombstone': 'true' },
      },
      {
        ...{ payload: 'plain', sequence: 2, timeMicros },
        metadata: { 'kafka.header.h': 'base64:YmFzZTY0Om5v' },
      },
    ]);
  });

  it('continues at the committed offset', async () => {
    const topic = await archivedTopic(50);
    await topics.sendNumbers(topic, 50, 80);
    const second = begin(topic);
    await second.committed(80);
    expect((await second.end()).records).to.equal(30);
    expect(second.lost).to.deep.equal([]);
    expect(await read(topic)).to.deep.equal(range(0, 80));
  });

  it('reads records once that were archived and shipped, and never committed', async () => {
    const topic = await topics.make();
    const store = await temporary.make();
    const writer = { ship: { to: store, key: `${topic}/0/[[NAME]]` } };
    await topics.sendNumbers(topic, 0, 50);
    const from = { ack: 'shipped' } as const;
    const crashed = begin(topic, { writer, source: { commitInterval: '1h' } });
    await until(() => crashed.source.stats().records >= 50, POLL);
    await crashed.end();
    await topics.admin.resetOffsets({ groupId: topic, topic, earliest: true });
    await topics.sendNumbers(topic, 50, 60);
    const again = begin(topic, { writer, from, root: await temporary.make() });
    // The archive rolls at the end only.
    await until(() => again.source.stats().records >= 60, POLL);
    await again.end();
    await again.committed(60);
    const reader = createArchiveReader(join(store, '**'), { order: 'time' });
    const values = (await reader.toArray()).map((record) => Number(record.text()));
    expect(values).to.deep.equal(range(0, 60));
  });

  it('refuses a topic that was created again, unless it has another incarnation', async () => {
    const topic = await archivedTopic(10);
    await topics.makeAgain(topic);
    await topics.sendNumbers(topic, 100, 120);
    const error = await begin(topic).archived.catch((reason) => reason);
    expect(error)
      .to.be.instanceOf(SourceDivergedError)
      .and.to.include({
        ...{ code: 'ERR_SOURCE_DIVERGED', series: `${topic}/0`, position: 0 },
      });
    expect(error.message).to.match(
      /has a record .*"100".* at offset 0, but a record .*"0".* is archived/,
    );
    expect(error.message).to.include('incarnation');
    expect(error.archived.payload.toString()).to.equal('0');
    expect(error.received.payload.toString()).to.equal('100');
    expect(await read(topic)).to.deep.equal(range(0, 10));
    const second = begin(topic, { source: { incarnation: { [topic]: 2 } } });
    await second.committed(20);
    await second.end();
    expect(await read(topic)).to.deep.equal([...range(0, 10), ...range(100, 120)]);
  });

  it('names the topic that is missing', async () => {
    const topic = `missing-${process.pid}-${Date.now()}`;
    const error = await begin(topic).archived.catch((reason) => reason);
    expect(error).to.include({ code: 'ERR_SOURCE_ENDED' });
    expect(error.message).to.match(new RegExp(`gives no more records of ${topic}: `));
  });

  it('refuses a partition that ends before what is archived', async () => {
    const topic = await archivedTopic(10);
    await topics.makeAgain(topic);
    await topics.sendNumbers(topic, 0, 5);
    const error = await begin(topic).archived.catch((reason) => reason);
    expect(error).to.be.instanceOf(SourceDivergedError).and.to.include({ position: 9, end: 5 });
    expect(error.archived.payload.toString()).to.equal('9');
  });

  it('reports what was committed and is not archived, and who has it', async () => {
    const topic = await archivedTopic(10);
    await topics.sendNumbers(topic, 10, 20);
    const elsewhere = begin(topic, { source: { holder: 'b' }, root: await temporary.make() });
    await elsewhere.committed(20);
    await elsewhere.end();
    const lost = { series: `${topic}/0`, from: 0, to: 10, reason: 'spool' };
    expect(elsewhere.lost).to.deep.equal([{ ...lost, holder: hostname() }]);
    expect(elsewhere.source.stats().lost).to.equal(0);
    const gone = begin(topic, { source: { holder: 'b' }, root: await temporary.make() });
    await topics.sendNumbers(topic, 20, 30);
    await gone.committed(30);
    await gone.end();
    expect(gone.lost).to.deep.equal([{ ...lost, to: 20 }]);
    expect(gone.source.stats().lost).to.equal(20);
  });

  it('reports records that expired before they were archived', async () => {
    const topic = await archivedTopic(5);
    await topics.sendNumbers(topic, 5, 15);
    const partitions = [{ partition: 0, offset: '10' }];
    await topics.admin.deleteTopicRecords({ topic, partitions });
    const second = begin(topic);
    await second.committed(15);
    await second.end();
    expect(second.lost).to.deep.equal([
      { series: `${topic}/0`, from: 5, to: 10, reason: 'expired' },
    ]);
    expect(second.source.stats().lost).to.equal(5);
    expect(await read(topic)).to.deep.equal([...range(0, 5), ...range(10, 15)]);
  });

  it('archives what transactions have committed, and reports no gap', async () => {
    const topic = await topics.make();
    const config = { transactionalId: topic, maxInFlightRequests: 1, idempotent: true };
    const producer = topics.kafka.producer(config);
    await producer.connect();
    for (const number of range(0, 10)) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: String(number) }] });
      if (number % 3 === 1) await transaction.abort();
      else await transaction.commit();
    }
    await producer.disconnect();
    await topics.sendNumbers(topic, 10, 20);
    const { committed, end, lost } = begin(topic);
    // Ten messages in transactions, nine ends of transactions, ten more messages: the last end may be after them.
    await committed(29);
    await end();
    expect(lost).to.deep.equal([]);
    expect(await read(topic)).to.deep.equal(range(0, 20).filter((n) => n >= 10 || n % 3 !== 1));
  });

  it('archives partitions that are added later', async () => {
    const topic = await topics.make();
    await topics.sendNumbers(topic, 0, 10);
    const { committed, end } = begin(topic);
    await committed(10);
    await topics.admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
    // The other producer does not know the partition yet.
    const producer = topics.kafka.producer();
    await producer.connect();
    const messages = range(0, 20).map((number) => ({ value: String(number), partition: 1 }));
    await producer.send({ topic, messages });
    await producer.disconnect();
    await committed(20, 1);
    await end();
    expect(await read(topic, 1)).to.deep.equal(range(0, 20));
  });

  it('shares partitions with another member that comes and goes, and stalls nothing', async () => {
    const topic = await topics.make(4);
    const roots = [root, await temporary.make()];
    let sent = 0;
    const sendAll = async () => {
      for (const partition of range(0, 4)) {
        await topics.sendNumbers(topic, sent, sent + 50, partition);
      }
      sent += 50;
    };
    const first = begin(topic, { source: { holder: 'a' } });
    await sendAll();
    await first.committed(50);
    const second = begin(topic, { source: { holder: 'b' }, root: roots[1] ?? '' });
    await until(async () => {
      await sendAll();
      return second.source.stats().series > 0;
    }, POLL);
    await sendAll();
    for (const partition of range(0, 4)) await first.committed(sent, partition);
    await first.end();
    await sendAll();
    for (const partition of range(0, 4)) await second.committed(sent, partition);
    await second.end();
    for (const partition of range(0, 4)) {
      const patterns = roots.map((directory) => join(directory, topic, `${partition}/*`));
      const reader = createArchiveReader(patterns, { order: 'time' });
      const values = (await reader.toArray()).map((record) => Number(record.text()));
      expect(values).to.deep.equal(range(0, sent));
    }
  });

  it('pauses a partition while its writer has no room, and takes all of it later', async () => {
    const topic = await topics.make(2);
    const store = new MemoryStore();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    store.before = (operation, key) =>
      operation === 'put' && key.startsWith('0/') ? held : undefined;
    const value = 'x'.repeat(1000);
    const messages = range(0, 500).map(() => ({ value, partition: 0 }));
    for (const _ of range(0, 4)) await topics.send(topic, messages);
    const { committed, end, source } = begin(topic, {
      writer: {
        ...{ roll: rollByCount(100), maxPendingBytes: '16 KiB' },
        ship: { to: store, maxSpoolBytes: '256 KiB', key: '0/[[NAME]]' },
      },
    });
    await until(() => store.count('put') > 0, POLL);
    // Messages of the other partition show that time has passed for this one, too.
    await topics.sendNumbers(topic, 0, 10, 1);
    await committed(10, 1);
    expect(source.stats().records).to.be.lessThan(2000);
    release();
    await committed(2000);
    const { records } = await end();
    expect(records).to.equal(2010);
  });

  it('neither overwrites nor duplicates what another member archived while it was paused', async () => {
    const topic = await topics.make();
    const store = await temporary.make();
    const child = fork(compiled(CHILD), [KAFKA_BROKERS ?? '', topic, root, store], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const taken = (count: number) =>
      new Promise<void>((resolve) => {
        child.on('message', (records) => {
          if (Number(records) >= count) resolve();
        });
      });
    await topics.sendNumbers(topic, 0, 100);
    await taken(100);
    child.kill('SIGSTOP');
    const writer = { ship: { to: store, key: `${topic}/[[NAME]]` }, roll: rollByAge(200) };
    const other = begin(topic, { writer, from: { ack: 'shipped' }, root: await temporary.make() });
    await topics.sendNumbers(topic, 100, 150);
    await other.committed(150);
    const exit = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    expect(await exit).to.deep.equal([0, null]);
    await topics.sendNumbers(topic, 150, 200);
    await other.committed(200);
    await other.end();
    const reader = createArchiveReader(join(store, '**'), { order: 'time', whenConflict: 'error' });
    const values = (await reader.toArray()).map((record) => Number(record.text()));
    expect(values).to.deep.equal(range(0, 200));
    // The paused member uploads another object.
    const names = (await readdir(join(store, topic))).filter((name) => name.endsWith('.gz'));
    expect(names.length).to.be.greaterThan(1);
  });
});
