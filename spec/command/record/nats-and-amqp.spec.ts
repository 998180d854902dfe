import { once } from 'node:events';

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { connect as connectAmqp } from 'amqplib';
import { expect } from 'chai';

import { createArchiveReader } from '../../../lib/index.js';
import { describeWithBroker, uniqueName } from '../../support/brokers.js';
import { callShoebox } from '../../support/call-shoebox.js';
import { startShoebox } from '../../support/run-shoebox.js';
import { TemporaryDirectories } from '../../support/series.js';
import { until } from '../../support/until.js';

const temporary = new TemporaryDirectories();

/** Runs the command until `isDone`, then ends it by SIGTERM. */
async function record(from: string, isDone: () => Promise<boolean>) {
  const directory = await temporary.make();
  const child = startShoebox(['record', directory, '--from', from]);
  const exit = once(child, 'exit');
  await until(async () => (await isDone()) || child.exitCode !== null);
  child.kill('SIGTERM');
  const [code] = await exit;
  const records = await createArchiveReader(`${directory}/**/*.events`).toArray();
  return { code, texts: records.map((each) => each.text()), archive: records[0]?.archive ?? '' };
}

describe('shoebox record --from nats:// and amqp://', () => {
  for (const [from, message] of [
    ['nats://host:4222', /expected \/STREAM/],
    ['nats://host/a?group=b', /the query has "group", expected consumer, incarnation/],
    ['nats://me:secret@host/a?incarnation=0', /incarnation is no whole number/],
    ['amqp://host', /expected \?queue=NAME/],
    ['amqp://host?queue=a&prefetch=x', /prefetch is no whole number/],
  ] as const) {
    it(`refuses ${from}`, async () => {
      const { code, stderr } = await callShoebox(['record', '.', '--from', from]);
      expect(code).to.equal(2);
      expect(stderr).to.match(message).and.not.include('secret');
    });
  }
});

describeWithBroker('shoebox record --from nats://', 'NATS_URL', (url) => {
  after(() => temporary.remove());

  it('archives a stream', async () => {
    const connection = await connectNats({ servers: url });
    const manager = await jetstreamManager(connection);
    const name = uniqueName('record');
    await manager.streams.add({ name, subjects: [name] });
    try {
      for (const text of ['a', 'b']) await jetstream(connection).publish(name, text);
      const isAcknowledged = () =>
        manager.consumers.info(name, 'shoebox').then(
          ({ ack_floor }) => ack_floor.stream_seq === 2,
          () => false,
        );
      const { archive, code, texts } = await record(`${url}/${name}`, isAcknowledged);
      expect([code, texts]).to.deep.equal([0, ['a', 'b']]);
      expect(archive).to.include(`/${name}/`);
    } finally {
      await manager.streams.delete(name);
      await connection.close();
    }
  });
});

describeWithBroker('shoebox record --from amqp://', 'AMQP_URL', (url) => {
  after(() => temporary.remove());

  it('archives a queue', async () => {
    const connection = await connectAmqp(url);
    const channel = await connection.createConfirmChannel();
    const queue = uniqueName('record');
    await channel.assertQueue(queue);
    try {
      for (const text of ['a', 'b']) channel.sendToQueue(queue, Buffer.from(text));
      await channel.waitForConfirms();
      const isEmpty = async () => {
        const { consumerCount, messageCount } = await channel.checkQueue(queue);
        return consumerCount === 1 && messageCount === 0;
      };
      const { code, texts } = await record(`${url}?queue=${queue}`, isEmpty);
      expect([code, texts]).to.deep.equal([0, ['a', 'b']]);
      expect((await channel.checkQueue(queue)).messageCount).to.equal(0);
    } finally {
      await channel.deleteQueue(queue);
      await connection.close();
    }
  });
});
