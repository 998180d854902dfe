import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs';

import { DeliveryError } from '../../../lib/errors/delivery-error.js';
import { toKafka } from '../../../lib/exporting/destinations/to-kafka.js';
import { kafkaMetadata } from '../../../lib/exporting/messages/kafka-message.js';
import { describeWithBroker, uniqueName } from '../../support/brokers.js';
import { KafkaTopics } from '../../support/kafka.js';
import { rejection } from '../../support/store-tools.js';

describeWithBroker('toKafka', 'KAFKA_BROKERS', () => {
  const topics = new KafkaTopics();
  const { kafka, producer } = topics;

  after(() => topics.remove());

  /** The first messages of a topic, by partition. */
  async function messagesOf(topic: string, count: number) {
    const consumer = kafka.consumer({ groupId: uniqueName('group') });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const found: KafkaMessage[][] = [[], [], []];
    await new Promise<void>((resolve, reject) => {
      let left = count;
      consumer
        .run({
          async eachMessage({ message, partition }) {
            found[partition]?.push(message);
            if (--left === 0) resolve();
          },
        })
        .catch(reject);
    });
    await consumer.disconnect();
    return found;
  }

  it('gives back messages that were archived from Kafka, in order', async () => {
    const [from, to] = [await topics.make(3), await topics.make(3)];
    const produced = [
      {
        key: 'a',
        value: 'first',
        headers: { one: '1', more: ['2', Buffer.from([255])], 'x.1': '' },
      },
      { key: Buffer.from([255]), value: Buffer.from([0, 254]), timestamp: '1700000000123' },
      { key: 'a', value: null },
      { key: '', value: '' },
      ...Array.from({ length: 300 }, (_, n) => ({ key: String(n % 7), value: String(n) })),
    ];
    await producer.send({ topic: from, messages: produced });
    const before = await messagesOf(from, produced.length);
    const records = before.flat().map((message) => ({
      payload: message.value ?? '',
      metadata: kafkaMetadata(message),
      time: Number(message.timestamp),
    }));
    await pipeline(Readable.from(records), toKafka({ producer, topic: to, maxInFlight: 50 }));
    const after = await messagesOf(to, produced.length);
    const contentOf = ({ headers, key, timestamp, value }: KafkaMessage) => ({
      ...{ key, value, timestamp, headers: new Map(Object.entries(headers ?? {})) },
    });
    expect(after.map((partition) => partition.map(contentOf))).to.deep.equal(
      before.map((partition) => partition.map(contentOf)),
    );
  });

  it('makes headers of other metadata, and takes a partition', async () => {
    const topic = await topics.make(3);
    const records = [{ payload: 'x', metadata: { event: 'login' }, time: 1_700_000_000_000 }];
    await pipeline(Readable.from(records), toKafka({ producer, topic, partition: () => 2 }));
    const message = (await messagesOf(topic, 1))[2]?.[0];
    expect(message).to.deep.include({
      key: null,
      value: Buffer.from('x'),
      timestamp: '1700000000000',
    });
    expect({ ...message?.headers }).to.deep.equal({ event: Buffer.from('login') });
  });

  it('ends with what the broker refuses, and repeats what may pass', async () => {
    const topic = await topics.make(3, { 'max.message.bytes': '1000' });
    const large = Readable.from(['x'.repeat(5000)]);
    const error = await rejection(pipeline(large, toKafka({ producer, topic })));
    expect(error).to.be.instanceOf(DeliveryError);
    expect(error).to.include({ destinationCode: 'MESSAGE_TOO_LARGE', transient: false });
    const away = new Kafka({
      brokers: ['127.0.0.1:1'],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    });
    const lost = toKafka({ producer: away.producer(), topic });
    const unreachable = await rejection(pipeline(Readable.from(['a']), lost));
    expect(unreachable).to.be.instanceOf(DeliveryError);
  });

  it('wants a topic, and a producer that is not idempotent', () => {
    const untyped: object = { producer };
    expect(() => toKafka({ ...untyped, topic: 'a' } as never)).to.not.throw();
    expect(() => toKafka({ ...untyped, topic: '' } as never)).to.throw(TypeError, 'topic');
    const idempotent = kafka.producer({ idempotent: true });
    expect(() => toKafka({ producer: idempotent, topic: 'a' })).to.throw(TypeError, 'idempotent');
    expect(() => toKafka({ producer: {}, topic: 'a' } as never)).to.throw(TypeError, 'producer');
  });
});
