import { join } from 'node:path';

import { Kafka, logLevel } from 'kafkajs';

import { askUntilReady, createTopic } from '../../spec/support/kafka.js';
import { killArchivers, makeWork } from '../brokers/kill-archivers.js';
import { startBroker } from './broker.js';
import { Producing } from './producing.js';

const PARTITIONS = 6;
const ARCHIVERS = 3;
const TOPIC = 'torture';

/** Kills archivers of one group, and their broker, while a producer sends. */
export async function tortureKafka(kills: number, ack: 'synced' | 'shipped'): Promise<boolean> {
  const classpath = process.env.KAFKA_CLASSPATH;
  if (classpath === undefined) {
    throw new Error('KAFKA_CLASSPATH is not set: start a broker, and export what it prints');
  }
  const work = await makeWork('kafka', ack);
  const { address, server } = await startBroker(join(work, 'server'), classpath);
  const kafka = new Kafka({
    ...{ brokers: [address], logLevel: logLevel.NOTHING },
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 1000 },
  });
  const admin = kafka.admin();
  await admin.connect();
  await createTopic(admin, TOPIC, PARTITIONS);
  const producing = new Producing(kafka, TOPIC, PARTITIONS);
  await producing.begin();

  const offsets = () => askUntilReady(() => admin.fetchTopicOffsets(TOPIC));
  return await killArchivers({
    ...{ kills, ack, work, address, server },
    child: 'torture/kafka/child.js',
    reads: Array<string>(ARCHIVERS).fill(TOPIC),
    confirmed: () => producing.confirmed,
    end: () => producing.end(),
    async isAcknowledged() {
      const ends = await offsets();
      const [found] = await askUntilReady(() =>
        admin.fetchOffsets({ groupId: TOPIC, topics: [TOPIC] }),
      );
      return ends.every(({ high, partition }) => {
        const one = found?.partitions.find((each) => each.partition === partition);
        return Number(one?.offset ?? 0) >= Number(high);
      });
    },
    async series() {
      const ends = await offsets();
      await admin.disconnect();
      return ends.map(({ high, partition }) => ({
        ...{ folder: join(TOPIC, String(partition)), first: 0, end: Number(high) },
      }));
    },
  });
}
