import { once } from 'node:events';
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { expect } from 'chai';

import { ArchiveError } from '../../../lib/errors/archive-error.js';
import { toAmqp } from '../../../lib/exporting/destinations/to-amqp.js';
import {
  type ArchiveFromOptions,
  archiveFrom,
  createArchiveReader,
  createArchiveWriter,
} from '../../../lib/index.js';
import { createAmqpSource } from '../../../lib/sources/amqp/amqp-source.js';
import { describeWithBroker, uniqueName } from '../../support/brokers.js';
import { TemporaryDirectories } from '../../support/series.js';
import { rejection } from '../../support/store-tools.js';
import { until } from '../../support/until.js';

describeWithBroker('createAmqpSource', 'AMQP_URL', (url) => {
  const temporary = new TemporaryDirectories();
  const queues: string[] = [];
  const cleanUps: (() => unknown)[] = [];
  let connection: ChannelModel;
  let channel: ConfirmChannel;

  before(async () => {
    connection = await connect(url);
    channel = await connection.createConfirmChannel();
  });
  after(async () => {
    for (const queue of queues) await channel.deleteQueue(queue).catch(() => undefined);
    await connection.close();
    await temporary.remove();
  });

  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  async function createQueue(name = uniqueName('from')): Promise<string> {
    await channel.assertQueue(name);
    queues.push(name);
    return name;
  }

  async function publish(queue: string, count: number, from = 0): Promise<void> {
    for (let n = 0; n < count; n++) channel.sendToQueue(queue, Buffer.from(String(from + n)));
    await channel.waitForConfirms();
  }

  function archive(
    queue: string,
    root: string,
    {
      prefetch,
      store,
      with: given = connection,
      ...options
    }: ArchiveFromOptions & {
      readonly prefetch?: number;
      /** Where archives are shipped to; they stay where they were. */
      readonly store?: string;
      readonly with?: ChannelModel;
    } = {},
  ) {
    const source = createAmqpSource({ connection: given, queue, prefetch });
    const end = new AbortController();
    const done = archiveFrom(
      source,
      (series) =>
        createArchiveWriter({
          ...{ directory: join(root, series.path), ...series.options },
          ...(store !== undefined && { ship: { to: store, localFile: 'keep' } }),
        }),
      { signal: end.signal, ...options },
    );
    done.catch(() => undefined);
    return {
      ...{ source, done },
      async finish(records: number) {
        await Promise.race([until(() => source.stats().records >= records), done]);
        end.abort();
        return await done;
      },
    };
  }

  const read = async (root: string) => await createArchiveReader(`${root}/**/*.events`).toArray();
  const textsIn = async (root: string) => (await read(root)).map((record) => record.text());
  const waitingIn = async (queue: string) => (await channel.checkQueue(queue)).messageCount;

  it('archives messages, and acknowledges them once they are safe', async () => {
    const queue = await createQueue();
    const root = await temporary.make();
    channel.sendToQueue(queue, Buffer.from([0xff]), {
      ...{ contentType: 'x/y', timestamp: 1_700_000_000, headers: { a: 'b', n: 1 } },
    });
    await publish(queue, 500);
    const result = await archive(queue, root, { prefetch: 50 }).finish(501);
    expect(result).to.include({ records: 501, skipped: 0 });
    expect(await waitingIn(queue)).to.equal(0);
    const [first, ...rest] = await read(root);
    expect(first?.payload).to.deep.equal(Buffer.from([0xff]));
    expect({ ...first?.metadata }).to.deep.equal({
      'amqp.exchange': '',
      'amqp.routingKey': queue,
      'amqp.property.contentType': 'x/y',
      'amqp.property.timestamp': '1700000000',
      'amqp.header.a': 'b',
      'amqp.header.n': 'json:1',
    });
    expect(first?.time?.getTime()).to.equal(1_700_000_000_000);
    expect(rest.map((record) => record.text())).to.deep.equal(
      Array.from({ length: 500 }, (_, n) => String(n)),
    );
    await pipeline(createArchiveReader(`${root}/**/*.events`), toAmqp({ connection }));
    expect(await waitingIn(queue)).to.equal(501);
    const back = await channel.get(queue, { noAck: true });
    expect(back === false ? back : back.properties.headers).to.deep.equal({ a: 'b', n: 1 });
  });

  it('delivers again what was not acknowledged: each message at least once', async () => {
    const queue = await createQueue();
    const root = await temporary.make();
    await publish(queue, 100);
    const other = await connect(url);
    // Nothing is shipped before the end, so nothing is acknowledged.
    const store = await temporary.make();
    const killed = archive(queue, root, { ack: 'shipped', store, with: other });
    await until(() => killed.source.stats().records >= 100);
    await other.close();
    const error = await rejection(killed.done);
    expect(error).to.be.instanceOf(ArchiveError).with.property('code', 'ERR_SOURCE_ENDED');
    await archive(queue, root).finish(100);
    const texts = await textsIn(root);
    expect([texts.length, new Set(texts).size]).to.deep.equal([200, 100]);
    expect(await waitingIn(queue)).to.equal(0);
  });

  it('continues over a connection that recovers', async () => {
    const queue = await createQueue();
    const root = await temporary.make();
    const proxy = await startProxy(url);
    cleanUps.push(() => proxy.stop());
    const recovering = await connect(proxy.url, { recovery: { initialDelay: 10 } });
    recovering.on('error', () => undefined);
    // A failed spec must not leave a connection that tries to recover without end.
    cleanUps.push(() => recovering.close());
    const source = createAmqpSource({ connection: recovering, queue });
    const end = new AbortController();
    const done = archiveFrom(
      source,
      ({ options, path }) => createArchiveWriter({ directory: join(root, path), ...options }),
      { signal: end.signal },
    );
    await publish(queue, 10);
    done.catch(() => undefined);
    await Promise.race([until(() => source.stats().acknowledgements >= 1), done]);
    proxy.close();
    // Until the broker notices, it keeps messages from the next consumer: those could come last.
    await until(async () => (await channel.checkQueue(queue)).consumerCount === 0);
    proxy.open();
    await publish(queue, 10, 10);
    const textsSoFar = async () => new Set(await textsIn(root)).size;
    await Promise.race([until(async () => (await textsSoFar()) >= 20), done]);
    end.abort();
    await done;
    expect(new Set(await textsIn(root)).size).to.equal(20);
    expect(await waitingIn(queue)).to.equal(0);
  });

  it('escapes the names of queues in paths', async () => {
    const queue = await createQueue(`${uniqueName('a')}/../ü`);
    const root = await temporary.make();
    await publish(queue, 1);
    await archive(queue, root).finish(1);
    const [record] = await read(root);
    expect(record?.archive?.slice(root.length)).to.match(
      /^\/shoebox-spec-a-\w+%2F\.\.%2F%C3%BC\/events_/,
    );
  });

  it('ends if the queue is missing or deleted, or the connection is closed', async () => {
    const root = await temporary.make();
    const missing = await rejection(archive(uniqueName('none'), root).done);
    expect(missing).to.be.instanceOf(ArchiveError).with.property('code', 'ERR_SOURCE_ENDED');
    expect(String(missing)).to.include('404');
    const queue = await createQueue();
    await publish(queue, 1);
    const deleted = archive(queue, root);
    await until(() => deleted.source.stats().records >= 1);
    await channel.deleteQueue(queue);
    expect(String(await rejection(deleted.done))).to.include('the queue was deleted');
    expect(await textsIn(root)).to.deep.equal(['0']);
    for (const options of [
      { queue: '' },
      { prefetch: 0 },
      { prefetch: 70_000 },
      { connection: 1 },
    ]) {
      const untyped: object = { connection, queue: 'a', ...options };
      const create = () => createAmqpSource(untyped as never);
      expect(create).to.throw(Error, Object.keys(options)[0] ?? '');
    }
  });
});

/** A way to the broker that can be cut, as by a broker that is killed. */
async function startProxy(url: string) {
  const target = new URL(url);
  const broker = { host: target.hostname, port: Number(target.port) };
  const sockets: Socket[] = [];
  let isOpen = true;
  const server = createServer((socket) => {
    if (!isOpen) {
      socket.destroy();
      return;
    }
    const onward = connectTo(broker);
    for (const [each, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.push(each);
      each.on('error', () => undefined);
      each.on('close', () => other.destroy());
    }
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  target.port = String(port);
  return {
    url: target.href,
    /** Breaks all connections, and refuses new ones. */
    close: () => {
      isOpen = false;
      for (const socket of sockets.splice(0)) socket.destroy();
    },
    open: () => {
      isOpen = true;
    },
    stop: () => server.close(),
  };
}
