import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { type ChannelModel, connect, type GetMessage } from 'amqplib';
import { expect } from 'chai';

import { DeliveryError } from '../../../lib/errors/delivery-error.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { toAmqp } from '../../../lib/exporting/destinations/to-amqp.js';
import { amqpMetadata } from '../../../lib/exporting/messages/amqp-message.js';
import { describeWithBroker, uniqueName } from '../../support/brokers.js';
import { rejection } from '../../support/store-tools.js';

describeWithBroker('toAmqp', 'AMQP_URL', (url) => {
  let connection: ChannelModel;

  before(async () => {
    connection = await connect(url);
  });
  after(async () => {
    await connection.close();
  });

  /** A queue that the broker removes together with the connection. */
  async function createQueue(): Promise<string> {
    const queue = uniqueName('to');
    const channel = await connection.createChannel();
    await channel.assertQueue(queue, { exclusive: true });
    await channel.close();
    return queue;
  }

  async function messagesOf(queue: string): Promise<GetMessage[]> {
    const channel = await connection.createChannel();
    const found: GetMessage[] = [];
    for (;;) {
      const message = await channel.get(queue, { noAck: true });
      if (message === false) break;
      found.push(message);
    }
    await channel.close();
    return found;
  }

  /** The properties that are set, as far as they are the message's own. */
  const setOf = ({ properties }: GetMessage) =>
    Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));

  it('publishes records in their order, with their metadata as headers', async () => {
    const queue = await createQueue();
    const records = Array.from({ length: 300 }, (_, n) => ({
      payload: Buffer.from([0xff, n % 256]),
      metadata: { n: String(n) },
      time: 1_700_000_000_000,
    }));
    const destination = toAmqp({ connection, exchange: '', routingKey: queue, maxInFlight: 70 });
    await pipeline(Readable.from(records), destination);
    const found = await messagesOf(queue);
    expect(found.map(({ properties }) => properties.headers?.n)).to.deep.equal(
      records.map(({ metadata }) => metadata.n),
    );
    expect(found[1]?.content).to.deep.equal(Buffer.from([0xff, 1]));
    expect(setOf(found[1] ?? expect.fail())).to.deep.equal({
      ...{ deliveryMode: 2, timestamp: 1_700_000_000, headers: { n: '1' } },
    });
  });

  it('gives back messages that were archived from RabbitMQ', async () => {
    const queue = await createQueue();
    const channel = await connection.createConfirmChannel();
    channel.publish('', queue, Buffer.from('first'), {
      ...{ contentType: 'text/plain', persistent: true, priority: 3, correlationId: 'c' },
      ...{ expiration: '600000', messageId: 'm', timestamp: 1_700_000_000, type: 't', appId: 'a' },
      headers: { text: 'x', n: 7, bytes: Buffer.from([255]), list: [true, null], deep: { a: 1.5 } },
    });
    channel.publish('', queue, Buffer.alloc(0));
    await channel.waitForConfirms();
    await channel.close();
    const before = await messagesOf(queue);
    const records = before.map((message) => ({
      payload: message.content,
      metadata: amqpMetadata(message),
    }));
    await pipeline(Readable.from(records), toAmqp({ connection }));
    const after = await messagesOf(queue);
    expect(before).to.have.length(2);
    for (const [number, message] of after.entries()) {
      const original = before[number] ?? expect.fail();
      expect(message.content).to.deep.equal(original.content);
      expect(message.properties).to.deep.equal(original.properties);
      expect(message.fields.routingKey).to.equal(original.fields.routingKey);
    }
  });

  it('ends if no queue takes a message, unless it need not', async () => {
    const queue = await createQueue();
    const records = [queue, queue, uniqueName('none'), queue].map((routingKey) => ({
      payload: routingKey,
      metadata: { 'amqp.exchange': '', 'amqp.routingKey': routingKey },
    }));
    const destination = toAmqp({ connection });
    const error = await rejection(pipeline(Readable.from(records), destination));
    expect(error).to.include({ destinationCode: 'NO_ROUTE', transient: false });
    expect(String(error)).to.match(
      /no queue takes messages with the routing key "shoebox-spec-none/,
    );
    expect(destination.stats().records).to.be.at.most(2);
    const optional = toAmqp({ connection, mandatory: false });
    await pipeline(Readable.from(records), optional);
    expect(optional.stats().records).to.equal(4);
  });

  it('ends if there is no such exchange, and wants an exchange and a routing key', async () => {
    const lost = toAmqp({ connection, exchange: uniqueName('none'), routingKey: 'a' });
    const error = await rejection(pipeline(Readable.from(['a', 'b']), lost));
    expect(error).to.be.instanceOf(DeliveryError);
    expect(error).to.include({ destinationCode: '404', transient: false });
    for (const options of [{ exchange: '' }, { routingKey: 'a' }]) {
      const failed = rejection(pipeline(Readable.from(['a']), toAmqp({ connection, ...options })));
      expect(await failed).to.be.instanceOf(RecordError);
    }
  });

  it('ends when the connection is closed', async () => {
    const other = await connect(url);
    const destination = toAmqp({ connection: other, exchange: '', routingKey: 'a' });
    const error = rejection(
      pipeline(async function* () {
        yield 'a';
        await other.close();
        yield 'b';
      }, destination),
    );
    expect(await error)
      .to.be.instanceOf(DeliveryError)
      .with.property('transient', false);
  });
});
