import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { connect as connectAmqp } from 'amqplib';
import { expect } from 'chai';

import { createArchiveReader, createArchiveWriter, type RecordInput } from '../../lib/index.js';
import { describeWithBroker, uniqueName } from '../support/brokers.js';
import { callShoebox } from '../support/call-shoebox.js';
import { KafkaTopics } from '../support/kafka.js';
import { startShoebox } from '../support/run-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

const temporary = new TemporaryDirectories();
const time = (second: number) => new Date(Date.UTC(2026, 10, 30, 9, 0, second));

async function archive(records: readonly RecordInput[]): Promise<string> {
  const directory = await temporary.make();
  const writer = createArchiveWriter({ directory });
  for (const record of records) writer.write(record);
  await writer.close();
  return directory;
}

describe('shoebox replay', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
    await temporary.remove();
  });

  /** A service that takes what `statusOf` gives a status below 300. */
  async function listen(statusOf: (body: string) => number = () => 200) {
    const taken: string[] = [];
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        const status = statusOf(body);
        if (status < 300) taken.push(body);
        response.writeHead(status).end();
      });
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}/`, taken };
  }

  const records = Array.from({ length: 5 }, (_, n) => ({ payload: String(n), time: time(n) }));

  it('gives `shoebox serve` equal records', async () => {
    const given: RecordInput[] = [
      {
        payload: '{"n":1}',
        metadata: { event: 'login', Tenant: '✓' },
        timeMicros: 1_700_000_000_123_456,
      },
      {
        payload: Buffer.from([0xff, 0]),
        metadata: { 'kafka.key': 'k', path: 'a/b', lines: 'a\nb ' },
      },
      { payload: '', time: time(1) },
    ];
    const from = await archive(given);
    const to = await temporary.make();
    const env = { SHOEBOX_TOKEN: 'secret' };
    const child = startShoebox(['serve', to, '--listen', '127.0.0.1:0'], { env });
    const [line] = await once(createInterface(child.stderr), 'line');
    const url = `${String(line).replace('listening on ', '')}/records`;
    const args = ['replay', from, '--to', url, '--speed', 'max'];
    const result = await callShoebox([...args, '--json'], { env });
    const denied = await callShoebox(args);
    expect([denied.code, denied.stderr]).to.deep.include(1);
    expect(denied.stderr).to.include('status 401 Unauthorized');
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(result.code, result.stderr).to.equal(0);
    expect(JSON.parse(result.stdout)).to.include({
      type: 'summary',
      to: url,
      records: 3,
      bytes: 9,
    });
    const contents = async (directory: string) =>
      (await createArchiveReader(directory).toArray()).map(({ metadata, payload, timeMicros }) => ({
        ...{ metadata: { ...metadata }, payload: payload.toString('hex'), timeMicros },
      }));
    const byPayload = (all: Awaited<ReturnType<typeof contents>>) =>
      all.sort((a, b) => a.payload.localeCompare(b.payload));
    expect(byPayload(await contents(to))).to.deep.equal(byPayload(await contents(from)));
  });

  it('continues after what was confirmed', async () => {
    const from = await archive(records);
    const file = join(await temporary.make(), 'position');
    let isBroken = true;
    const { taken, url } = await listen((body) => (isBroken && body === '3' ? 400 : 200));
    const args = ['replay', from, '--to', url, '--speed', 'max', '--cursor-file', file];
    const broken = await callShoebox(args);
    expect([broken.code, taken]).to.deep.equal([1, ['0', '1', '2']]);
    expect(broken.stderr).to.match(
      /^3 records confirmed, 3 B\nshoebox: cannot deliver to http:\/\/127.*: status 400 Bad Request\n$/,
    );
    isBroken = false;
    const whole = await callShoebox(args);
    expect([whole.code, taken]).to.deep.equal([0, ['0', '1', '2', '3', '4']]);
    const nothing = await callShoebox(args);
    expect([nothing.code, taken.length]).to.deep.equal([0, 5]);
    expect(await readFile(file, 'utf8')).to.match(/^1\.\S+\n$/);
  });

  it('selects as `cat` does, and merges writers by time', async () => {
    const from = await archive(records.slice(0, 3));
    const writer = createArchiveWriter({ directory: from });
    writer.write({ payload: '1.5', time: new Date(time(1).getTime() + 500) });
    await writer.close();
    const { taken, url } = await listen();
    const speed = ['--to', url, '--speed', '100000'];
    expect((await callShoebox(['replay', from, ...speed])).code).to.equal(0);
    expect(taken.splice(0)).to.deep.equal(['0', '1', '1.5', '2']);
    const selection = ['--since', time(1).toISOString(), '--until', time(2).toISOString()];
    await callShoebox(['replay', from, ...speed, ...selection, '--limit', '1']);
    expect(taken).to.deep.equal(['1']);
  });

  it('sends what it has read before a signal, and keeps the position', async () => {
    const from = await archive(records);
    const file = join(await temporary.make(), 'position');
    const { taken, url } = await listen();
    const child = startShoebox(['replay', from, '--to', url, '--cursor-file', file, '--json']);
    const printed = text(child.stdout);
    while (taken.length < 2) await once(servers[0] ?? expect.fail(), 'request');
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).to.equal(143);
    const { records: confirmed, cursor } = JSON.parse(
      (await printed).trimEnd().split('\n').at(-1) ?? '',
    );
    expect([confirmed, `${cursor}\n`]).to.deep.equal([taken.length, await readFile(file, 'utf8')]);
    const rest = await callShoebox([
      'replay',
      from,
      '--to',
      url,
      '--speed',
      'max',
      '--cursor-file',
      file,
    ]);
    expect([rest.code, taken]).to.deep.equal([0, ['0', '1', '2', '3', '4']]);
  });

  it('counts with --dry-run, and sends nothing', async () => {
    const from = await archive(records);
    const { taken, url } = await listen();
    const result = await callShoebox(['replay', from, '--to', url, '--dry-run', '--limit', '4']);
    expect(result).to.deep.equal({
      ...{ code: 0, stderr: '', stdout: `would send 4 records to ${url}\n` },
    });
    expect(taken).to.deep.equal([]);
  });

  it('shows no password', async () => {
    const from = await archive(records);
    const to = 'amqp://me:hidden@127.0.0.1:1/host?queue=a';
    const results = await Promise.all([
      callShoebox(['replay', from, '--to', to]),
      callShoebox(['replay', from, '--to', to, '--print-config']),
      callShoebox(['replay', from, '--to', 'ftp://me:hidden@host']),
      callShoebox(['replay', from, '--to', 'http://me:hidden@host']),
    ]);
    expect(results.map(({ code }) => code)).to.deep.equal([1, 0, 2, 2]);
    for (const { stderr, stdout } of results) expect(stderr + stdout).to.not.include('hidden');
    expect(results[0]?.stderr).to.match(
      /cannot connect to amqp:\/\/127\.0\.0\.1:1\/host: .*ECONNREFUSED/,
    );
  });

  for (const options of [
    [],
    ['--to', 'somewhere'],
    ['--to', 'kafka://host:1'],
    ['--to', 'kafka://host:1/topic?tsl=true'],
    ['--to', 'nats://host/a', '--header', 'A: b'],
    ['--to', 'nats://host/a', '--token-file', 'token'],
    ['--to', 'http://host', '--header', 'no header'],
    ['--to', 'http://host', '--speed', '0'],
    ['--to', 'http://host', '--speed', 'max', '--max-pause', '1s'],
    ['--to', 'http://host', '--after', '1.x', '--cursor-file', 'f'],
    ['--to', 'http://host', '--after', 'x'],
    ['--to', 'http://host', '--in-flight', '0'],
  ]) {
    it(`refuses ${options.join(' ') || 'no destination'}`, async () => {
      expect((await callShoebox(['replay', 'a', ...options])).code).to.equal(2);
    });
  }
});

describeWithBroker('shoebox replay --to nats://', 'NATS_URL', (url) => {
  it('publishes to a subject', async () => {
    const connection = await connectNats({ servers: url });
    const manager = await jetstreamManager(connection);
    const name = uniqueName('replay');
    await manager.streams.add({ name, subjects: [name] });
    try {
      const from = await archive(['a', 'b']);
      const args = ['replay', from, '--to', `${url}/${name}`, '--speed', 'max'];
      const { code, stderr } = await callShoebox(args);
      expect([code, stderr]).to.deep.equal([0, '2 records confirmed, 2 B\n']);
      expect((await manager.streams.info(name)).state.messages).to.equal(2);
    } finally {
      await manager.streams.delete(name);
      await connection.close();
      await temporary.remove();
    }
  });
});

describeWithBroker('shoebox replay --to amqp://', 'AMQP_URL', (url) => {
  it('publishes to a queue', async () => {
    const connection = await connectAmqp(url);
    const channel = await connection.createChannel();
    const queue = uniqueName('replay');
    await channel.assertQueue(queue);
    try {
      const from = await archive(['a', 'b']);
      const args = ['replay', from, '--to', `${url}?queue=${queue}`, '--speed', 'max'];
      const { code, stderr } = await callShoebox(args);
      expect([code, stderr]).to.deep.equal([0, '2 records confirmed, 2 B\n']);
      expect((await channel.checkQueue(queue)).messageCount).to.equal(2);
    } finally {
      await channel.deleteQueue(queue);
      await connection.close();
      await temporary.remove();
    }
  });
});

describeWithBroker('shoebox replay --to kafka://', 'KAFKA_BROKERS', (brokers) => {
  it('produces to a topic', async () => {
    const topics = new KafkaTopics();
    try {
      const topic = await topics.make();
      const from = await archive(['a', 'b']);
      const args = ['replay', from, '--to', `kafka://${brokers}/${topic}`, '--speed', 'max'];
      const { code, stderr } = await callShoebox(args);
      expect([code, stderr]).to.deep.equal([0, '2 records confirmed, 2 B\n']);
      expect((await topics.admin.fetchTopicOffsets(topic))[0]?.high).to.equal('2');
    } finally {
      await topics.remove();
      await temporary.remove();
    }
  });
});
