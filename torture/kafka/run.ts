import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { Kafka, logLevel } from 'kafkajs';

import { askUntilReady, createTopic } from '../../spec/support/kafka.js';
import { Archiver, progressOf } from '../brokers/archiver.js';
import { checkSeries } from '../brokers/check-series.js';
import { withCompiledChildren } from '../compile.js';
import { Broker } from './broker.js';
import { Producing } from './producing.js';

const PARTITIONS = 6;
const ARCHIVERS = 3;

/** One in this many kills is of the broker. */
const KILLS_PER_BROKER_KILL = 8;

/** One in this many killed archivers comes back without its disk, if `ack` is `shipped`. */
const KILLS_PER_LOST_DISK = 3;

/** The longest time that all live between two kills, after records were archived again. */
const LONGEST_LIFE_MS = 600;

const TOPIC = 'torture';

/**
 * Kills archivers of one group, and their broker, while a producer sends. Checks that archives hold
 * every message once for a reader, and at least once for `zcat`.
 */
export async function tortureKafka(kills: number, ack: 'synced' | 'shipped'): Promise<boolean> {
  const classpath = process.env.KAFKA_CLASSPATH;
  if (classpath === undefined) {
    throw new Error('KAFKA_CLASSPATH is not set: start a broker, and export what it prints');
  }
  const work = await mkdtemp(join(tmpdir(), `shoebox-kafka-${ack}-`));
  const store = join(work, 'store');
  await mkdir(store);
  await mkdir(join(work, 'broker'));
  const broker = await Broker.create(join(work, 'broker'), classpath);
  const kafka = new Kafka({
    ...{ brokers: [broker.address], logLevel: logLevel.NOTHING },
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 1000 },
  });
  const admin = kafka.admin();
  await admin.connect();
  await createTopic(admin, TOPIC, PARTITIONS);
  const producing = new Producing(kafka, TOPIC, PARTITIONS);
  await producing.begin();

  const notes = { lost: 0, failures: 0, lostDisks: 0, brokerKills: 0 };
  await withCompiledChildren(async (compiled) => {
    const archivers = Array.from(
      { length: ARCHIVERS },
      (_, number) =>
        new Archiver(join(compiled, 'torture/kafka/child.js'), notes, [
          ...[broker.address, TOPIC, join(work, `host-${number}`), store, ack],
        ]),
    );
    for (const archiver of archivers) archiver.start();
    for (let kill = 1; kill <= kills; kill++) {
      await progressOf(archivers);
      await setTimeout(Math.random() * LONGEST_LIFE_MS);
      if (kill % KILLS_PER_BROKER_KILL === 0) {
        notes.brokerKills++;
        await broker.kill();
        await setTimeout(Math.random() * LONGEST_LIFE_MS);
        await broker.start();
      } else {
        const archiver = archivers[Math.floor(Math.random() * ARCHIVERS)];
        await archiver?.kill();
        if (ack === 'shipped' && Math.random() < 1 / KILLS_PER_LOST_DISK) {
          notes.lostDisks++;
          await rm(archiver?.spool ?? '', { recursive: true, force: true });
        }
        archiver?.start();
      }
      if (kill % 20 === 0) console.log(`${ack}: ${kill} kills, ${producing.confirmed} messages`);
    }
    await producing.end();
    await committed();
    await Promise.all(archivers.map((archiver) => archiver.end()));
  });

  async function committed(): Promise<void> {
    for (;;) {
      const ends = await askUntilReady(() => admin.fetchTopicOffsets(TOPIC));
      const [found] = await askUntilReady(() =>
        admin.fetchOffsets({ groupId: TOPIC, topics: [TOPIC] }),
      );
      const left = ends.filter(({ high, partition }) => {
        const one = found?.partitions.find((each) => each.partition === partition);
        return Number(one?.offset ?? 0) < Number(high);
      });
      if (left.length === 0) return;
      await setTimeout(200);
    }
  }

  const ends = (await admin.fetchTopicOffsets(TOPIC)).map(({ high, partition }) => ({
    folder: join(TOPIC, String(partition)),
    first: 0,
    end: Number(high),
  }));
  await admin.disconnect();
  await broker.kill();
  const found = await checkSeries(work, ends, producing.confirmed);
  const { messages, ...faults } = found;
  console.table({ ack, kills, ...notes, messages, ...faults });
  const isGood = Object.values(faults).every((count) => count === 0) && messages > 0;
  if (isGood) await rm(work, { recursive: true });
  else console.log(`kept in ${work}`);
  return isGood;
}
