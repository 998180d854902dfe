import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { expect } from 'chai';

import { ArchiveError } from '../../../lib/errors/archive-error.js';
import { toNats } from '../../../lib/exporting/destinations/to-nats.js';
import {
  type ArchiveFromOptions,
  archiveFrom,
  createArchiveReader,
  createArchiveWriter,
  type LostPositions,
  verifyArchives,
} from '../../../lib/index.js';
import { createNatsSource } from '../../../lib/sources/nats/nats-source.js';
import { describeWithBroker, uniqueName } from '../../support/brokers.js';
import { TemporaryDirectories } from '../../support/series.js';
import { rejection } from '../../support/store-tools.js';
import { until } from '../../support/until.js';

describeWithBroker('createNatsSource', 'NATS_URL', (servers) => {
  const temporary = new TemporaryDirectories();
  const streams = new Set<string>();
  let connection: NatsConnection;
  let manager: JetStreamManager;

  before(async () => {
    connection = await connect({ servers });
    manager = await jetstreamManager(connection);
  });
  after(async () => {
    for (const stream of streams) await manager.streams.delete(stream).catch(() => undefined);
    await connection.close();
    await temporary.remove();
  });

  async function createStream(more: object = {}, name = uniqueName('from')): Promise<string> {
    await manager.streams.add({ name, subjects: [`${name}.>`], ...more });
    streams.add(name);
    return name;
  }

  /** Publishes `count` messages, `0`, `1`, … from `from` on. */
  async function publish(stream: string, count: number, from = 0, subject = 'a'): Promise<void> {
    const js = jetstream(connection);
    const all = Array.from({ length: count }, (_, n) =>
      js.publish(`${stream}.${subject}`, String(from + n)),
    );
    await Promise.all(all);
  }

  /** An archiving that runs until `finish`, into a directory below `root`. */
  function archive(
    stream: string,
    root: string,
    more: ArchiveFromOptions & { incarnation?: number } = {},
  ) {
    const { incarnation, ...options } = more;
    const source = createNatsSource({ connection, stream, consumer: 'archive', incarnation });
    const lost: LostPositions[] = [];
    source.on('lost', (positions) => lost.push(positions));
    const end = new AbortController();
    const done = archiveFrom(
      source,
      (series) => createArchiveWriter({ directory: join(root, series.path), ...series.options }),
      { signal: end.signal, ...options },
    );
    // A failure may come before a spec waits for it.
    done.catch(() => undefined);
    return {
      ...{ source, lost, done },
      /** Waits for so many records, then ends. */
      async finish(records: number) {
        await Promise.race([until(() => source.stats().records >= records), done]);
        end.abort();
        return await done;
      },
    };
  }

  async function pendingOf(stream: string) {
    const { ack_floor, num_ack_pending } = await manager.consumers.info(stream, 'archive');
    return { floor: ack_floor.stream_seq, unacknowledged: num_ack_pending };
  }

  const read = async (root: string) => await createArchiveReader(`${root}/**/*.events`).toArray();
  const numbersIn = async (root: string) =>
    (await read(root)).map((record) => Number(record.text()));
  const upTo = (end: number) => Array.from({ length: end }, (_, n) => n);

  it('archives messages with their subjects, headers, sequences and times', async () => {
    const stream = await createStream();
    const given = headers();
    given.append('Trace', '1');
    given.append('Trace', '2');
    await jetstream(connection).publish(`${stream}.a.b`, Buffer.from([0xff]), { headers: given });
    await jetstream(connection).publish(`${stream}.c`);
    const root = await temporary.make();
    const result = await archive(stream, root).finish(2);
    expect(result).to.include({ records: 2, skipped: 0, lost: 0 });
    const records = await read(root);
    const stored = await Promise.all(
      [1, 2].map((seq) => manager.streams.getMessage(stream, { seq })),
    );
    expect(records.map(({ metadata }) => ({ ...metadata }))).to.deep.equal([
      { 'nats.subject': `${stream}.a.b`, 'nats.header.Trace': '1', 'nats.header.Trace.1': '2' },
      { 'nats.subject': `${stream}.c` },
    ]);
    expect(records.map(({ payload }) => payload.toString('hex'))).to.deep.equal(['ff', '']);
    expect(records.map(({ sequence }) => sequence)).to.deep.equal([1, 2]);
    expect(records.map(({ time }) => time?.getTime())).to.deep.equal(
      stored.map((message) => message?.time.getTime()),
    );
    expect(await pendingOf(stream)).to.deep.equal({ floor: 2, unacknowledged: 0 });
    const to = uniqueName('back');
    await createStream({ subjects: [to] }, to);
    await pipeline(createArchiveReader(`${root}/**/*.events`), toNats({ connection, subject: to }));
    const back = await manager.streams.getMessage(to, { seq: 1 });
    expect([...(back?.header ?? [])]).to.deep.equal([...(stored[0]?.header ?? [])]);
    expect(back?.data).to.deep.equal(stored[0]?.data);
  });

  it('keeps the bytes of headers that the client cannot read, and continues', async () => {
    const stream = await createStream();
    const blocks = ['NATS/1.0\r\nA  : b\r\n\r\n', 'NATS/1.0\r\nA: \xff\r\n\r\n'];
    const socket = connectSocket(Number(new URL(servers).port), new URL(servers).hostname);
    await once(socket, 'data');
    const sent = blocks.map(
      (block) => `HPUB ${stream}.a ${block.length} ${block.length + 1}\r\n${block}x\r\n`,
    );
    const options = '{"verbose":false,"headers":true}';
    socket.write(`CONNECT ${options}\r\n${sent.join('')}PING\r\n`, 'latin1');
    await once(socket, 'data');
    socket.destroy();
    const root = await temporary.make();
    await archive(stream, root).finish(2);
    // The first record is compared with the message.
    await publish(stream, 1);
    await archive(stream, root).finish(1);
    const values = (await read(root)).map(({ metadata }) => metadata['nats.headers']);
    const bytes = Buffer.from(blocks[1] ?? '', 'latin1').toString('base64');
    expect(values).to.deep.equal([blocks[0], `base64:${bytes}`, undefined]);
  });

  it('acknowledges while it runs, and continues where it has ended', async () => {
    const stream = await createStream();
    const root = await temporary.make();
    await publish(stream, 3000);
    const first = archive(stream, root);
    await until(async () => (await connectionFloor(stream)) >= 3000);
    await publish(stream, 10, 3000);
    expect(await first.finish(3010)).to.include({ records: 3010 });
    await publish(stream, 10, 3010);
    expect(await archive(stream, root).finish(10)).to.include({ records: 10 });
    expect(await numbersIn(root)).to.deep.equal(upTo(3020));
    expect((await verifyArchives(`${root}/**/*.events`, { full: true })).problems).to.deep.equal(
      [],
    );
  });

  async function connectionFloor(stream: string): Promise<number> {
    return await pendingOf(stream).then(
      ({ floor }) => floor,
      () => 0,
    );
  }

  for (const filters of [[], ['a'], ['a', 'b']]) {
    const what = filters.length === 0 ? 'everything' : `subjects ${filters.join(' and ')}`;
    it(`reads first what an earlier process has left unacknowledged, of ${what}`, async () => {
      const stream = await createStream();
      const subjects = filters.map((subject) => `${stream}.${subject}`);
      await manager.consumers.add(stream, {
        ...{ durable_name: 'archive', ack_policy: 'all', max_ack_pending: -1 },
        ...(subjects.length > 0 && { filter_subjects: subjects }),
      });
      for (let n = 0; n < 90; n += 3) {
        for (const [at, subject] of ['a', 'b', 'c'].entries())
          await publish(stream, 1, n + at, subject);
      }
      const consumer = await jetstream(connection).consumers.get(stream, 'archive');
      const taken = await consumer.fetch({ max_messages: 20, expires: 1000 });
      let count = 0;
      for await (const message of taken) if (++count === 5) await message.ackAck();
      const root = await temporary.make();
      const names = ['a', 'b', 'c'].slice(0, filters.length || 3);
      const wanted = upTo(90).filter((n) => n % 3 < names.length);
      const expected = wanted.slice(5);
      const { records } = await archive(stream, root).finish(expected.length);
      expect(records).to.equal(expected.length);
      expect(await numbersIn(root)).to.deep.equal(expected);
      expect((await pendingOf(stream)).unacknowledged).to.equal(0);
    });
  }

  it('loses nothing and repeats nothing if two processes share a consumer', async () => {
    const stream = await createStream();
    const roots = [await temporary.make(), await temporary.make()];
    const both = roots.map((root) => archive(stream, root));
    for (let n = 0; n < 4000; n += 500) await publish(stream, 500, n);
    await until(async () => (await connectionFloor(stream)) >= 4000);
    await Promise.all(both.map(({ finish }) => finish(0)));
    const reader = createArchiveReader(roots.map((root) => `${root}/**/*.events`));
    const numbers = (await reader.toArray()).map((record) => Number(record.text()));
    expect(numbers).to.deep.equal(upTo(4000));
  });

  it('takes a stream that was created again for another one', async () => {
    const stream = await createStream();
    const root = await temporary.make();
    await publish(stream, 5);
    await archive(stream, root).finish(5);
    await manager.streams.delete(stream);
    await createStream({}, stream);
    await publish(stream, 3, 5);
    await archive(stream, root).finish(3);
    const records = await read(root);
    expect(records).to.have.length(8);
    expect(new Set(records.map(({ writer }) => writer)).size).to.equal(2);
  });

  it('reports what has expired before it was archived, and no deleted message', async () => {
    const stream = await createStream();
    const root = await temporary.make();
    await publish(stream, 5);
    await archive(stream, root).finish(5);
    await publish(stream, 20, 5);
    await manager.streams.purge(stream, { seq: 16 });
    await manager.streams.deleteMessage(stream, 20);
    const { finish, lost } = archive(stream, root);
    const result = await finish(9);
    expect(lost).to.deep.equal([{ series: stream, from: 6, to: 16, reason: 'expired' }]);
    expect(result).to.include({ lost: 10 });
    expect((await verifyArchives(`${root}/**/*.events`)).problems).to.deep.equal([]);
  });

  it('reads again what was acknowledged, and is no longer archived', async () => {
    const stream = await createStream();
    const [root, elsewhere] = [await temporary.make(), await temporary.make()];
    await publish(stream, 5);
    await archive(stream, root).finish(5);
    await publish(stream, 5, 5);
    await archive(stream, elsewhere).finish(5);
    await publish(stream, 5, 10);
    await manager.streams.purge(stream, { seq: 8 });
    const { finish, lost } = archive(stream, root);
    await finish(8);
    expect(lost).to.deep.equal([{ series: stream, from: 6, to: 8, reason: 'expired' }]);
    expect(await numbersIn(root)).to.deep.equal([0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14]);
  });

  it('refuses a stream that ends before what is archived, until it is another incarnation', async () => {
    const stream = await createStream();
    const root = await temporary.make();
    await publish(stream, 3);
    const { created } = await manager.streams.info(stream);
    const writer = createArchiveWriter({
      ...{ directory: join(root, stream), createDirectory: true },
      ...{ writerId: `nats ${stream} ${created} 1`, sequences: 'given' },
    });
    writer.write({ payload: 'x', sequence: 7 });
    await writer.close();
    const error = await rejection(archive(stream, root).done);
    expect(error).to.be.instanceOf(ArchiveError).with.property('code', 'ERR_SOURCE_DIVERGED');
    expect(String(error)).to.include(
      'ends at sequence 4, but records up to sequence 7 are archived',
    );
    expect(await archive(stream, root, { incarnation: 2 }).finish(3)).to.include({ records: 3 });
  });

  it('says what is missing or wrong', async () => {
    const root = await temporary.make();
    const none = await rejection(archive(uniqueName('none'), root).done);
    expect(String(none)).to.include('stream not found');
    const stream = await createStream();
    await manager.consumers.add(stream, { durable_name: 'archive', ack_policy: 'explicit' });
    const wrong = await rejection(archive(stream, root).done);
    expect(wrong).to.be.instanceOf(TypeError);
    expect(String(wrong)).to.include('consumer is "archive" with the ack policy explicit');
    for (const options of [
      { stream: '' },
      { consumer: 5 },
      { connection: {} },
      { incarnation: 0 },
    ]) {
      const untyped: object = { connection, stream: 'a', consumer: 'b', ...options };
      const create = () => createNatsSource(untyped as never);
      expect(create).to.throw(Error, Object.keys(options)[0] ?? '');
    }
  });

  it('ends when the stream is deleted, or the connection is closed', async () => {
    const stream = await createStream();
    const root = await temporary.make();
    await publish(stream, 2);
    const deleted = archive(stream, root);
    await until(() => deleted.source.stats().records >= 2);
    await manager.streams.delete(stream);
    const gone = await rejection(deleted.done);
    expect(gone).to.be.instanceOf(ArchiveError).with.property('code', 'ERR_SOURCE_ENDED');
    const other = await connect({ servers });
    const source = createNatsSource({
      connection: other,
      stream: await createStream(),
      consumer: 'a',
    });
    const done = rejection(
      archiveFrom(source, ({ options, path }) =>
        createArchiveWriter({ directory: join(root, path), ...options }),
      ),
    );
    await until(() => source.stats().series > 0);
    await other.close();
    expect(await done).to.have.property('code', 'ERR_SOURCE_ENDED');
    expect(await numbersIn(root)).to.deep.equal([0, 1]);
  });
});
