import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { Kafka, logLevel, type Message } from 'kafkajs';
import { createArchiveWriter } from 'shoebox-archive';
import { archiveFrom, createKafkaSource } from 'shoebox-archive/kafka';

import type { BenchCase } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { inputOf, loadInput, recordsOf } from '../inputs/input.js';

const PARTITIONS = 6;

/** So many records of `small` have 200 MB. */
const FULL_COUNTS = { small: 1_000_000, corpus: 100_000 } as const;

/** The number of messages that a producer sends at once. */
const BATCH_BYTES = 500_000;

/** How far the measured work has come. */
interface Progress {
  readonly records: () => number;
  /** Ends the work, which then is complete. */
  readonly end: () => Promise<void>;
}

/** Archives a topic into objects that gzip compresses, in a directory. */
export const kafkaShoebox = kafkaCase(({ directory, groupId, kafka, topic }) => {
  const source = createKafkaSource({ kafka, groupId, topics: topic });
  const ending = new AbortController();
  const archived = archiveFrom(
    source,
    (series) =>
      createArchiveWriter({
        directory: join(directory, 'spool', series.path),
        ...series.options,
        ship: { to: join(directory, 'store'), key: `${series.path}/[[NAME]]` },
      }),
    { ack: 'shipped', signal: ending.signal },
  );
  return {
    records: () => source.stats().records,
    async end() {
      ending.abort();
      await archived;
    },
  };
});

/** Consumes a topic, and discards everything. */
export const kafkaConsumer = kafkaCase(({ groupId, kafka, topic }) => {
  const consumer = kafka.consumer({ groupId, readUncommitted: false });
  let records = 0;
  const running = (async () => {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch }) => {
        records += batch.messages.length;
      },
    });
  })();
  return {
    records: () => records,
    async end() {
      await running;
      await consumer.disconnect();
    },
  };
});

interface KafkaWork {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly groupId: string;
  readonly directory: string;
}

/** `value` is the CPU time of a message in µs, from the first message on. */
function kafkaCase(begin: (work: KafkaWork) => Progress): BenchCase {
  return async ({ directory, input: name, scale }) => {
    const full = name === 'corpus' ? FULL_COUNTS.corpus : FULL_COUNTS.small;
    const { distinct } = await loadInput(name, 0);
    const input = inputOf(name, distinct, Math.ceil(full * scale));
    const kafka = new Kafka({
      ...{ brokers: [process.env.KAFKA_BROKERS ?? ''], logLevel: logLevel.NOTHING },
    });
    const topic = `shoebox-bench-${randomBytes(6).toString('hex')}`;
    await produce(kafka, topic, recordsOf(input));
    let round = 0;
    return {
      async reset() {
        await emptyDirectory(directory);
        await mkdir(join(directory, 'store'));
      },
      async run() {
        const groupId = `${topic}-${round++}`;
        const work = begin({ kafka, topic, groupId, directory });
        while (work.records() === 0) await setTimeout(1);
        const before = process.cpuUsage();
        while (work.records() < input.count) await setTimeout(5);
        await work.end();
        const { system, user } = process.cpuUsage(before);
        const records = input.count;
        return { records, bytes: input.bytes, value: (system + user) / records };
      },
    };
  };
}

async function produce(
  kafka: Kafka,
  topic: string,
  records: Iterable<{ readonly payload: string | Buffer }>,
): Promise<void> {
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({
    topics: [{ topic, numPartitions: PARTITIONS }],
    waitForLeaders: true,
  });
  let [messages, bytes, sent]: [Message[], number, number] = [[], 0, 0];
  const send = async () => {
    await producer.send({ topic, messages });
    [messages, bytes] = [[], 0];
  };
  for (const { payload } of records) {
    messages.push({ value: payload, partition: sent++ % PARTITIONS });
    bytes += payload.length;
    if (bytes >= BATCH_BYTES) await send();
  }
  if (messages.length > 0) await send();
  await Promise.all([admin.disconnect(), producer.disconnect()]);
}
