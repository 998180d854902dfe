import { randomBytes } from 'node:crypto';

import {
  type Admin,
  Kafka,
  type KafkaConfig,
  logLevel,
  type Message,
  type Producer,
} from 'kafkajs';

import { isPassing } from '../../lib/sources/kafka/kafka-client.js';

/** The broker that `shared/services/kafka up` has started; undefined if there is none. */
export const KAFKA_BROKERS = process.env.KAFKA_BROKERS;

/** The message of skipped specs. */
export const NO_KAFKA = 'KAFKA_BROKERS is not set: start a broker, and export its address';

/** Short times, so that a group notices changes within a moment. */
export const CONSUMER = {
  sessionTimeout: 6000,
  heartbeatInterval: 300,
  rebalanceTimeout: 3000,
  metadataMaxAge: 500,
  maxWaitTimeInMs: 100,
};

/** How long a broker under load may take for what it does in a moment. */
const MOST_MS = 15_000;

const RETRY_MS = 50;

/**
 * Repeats a request that the broker refuses for now. KafkaJS repeats few of them: a topic that was just
 * created may have no leader yet, and a group no coordinator.
 */
export async function askUntilReady<T>(request: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + MOST_MS;
  for (;;) {
    try {
      const answer = await request();
      if (answer !== undefined) return answer;
      if (Date.now() > end) throw new Error(`the broker is not ready after ${MOST_MS} ms`);
    } catch (error) {
      if (!isPassing(error) || Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Creates a topic, and settles when each of its partitions gives its offsets. */
export async function createTopic(
  admin: Admin,
  topic: string,
  numPartitions: number,
  config: Readonly<Record<string, string>> = {},
): Promise<void> {
  // A broker checks every few minutes for messages older than a week, as those of the specs are.
  const all = { 'retention.ms': '-1', ...config };
  const configEntries = Object.entries(all).map(([name, value]) => ({ name, value }));
  const topics = [{ topic, numPartitions, configEntries }];
  await admin.createTopics({ topics, waitForLeaders: false });
  await askUntilReady(async () => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.length === numPartitions ? offsets : undefined;
  });
}

/** Topics of a spec on the real broker, which `remove` deletes. */
export class KafkaTopics {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly producer: Producer;
  readonly #made = new Set<string>();
  #isConnected = false;

  constructor(config: Partial<KafkaConfig> = {}) {
    this.kafka = createKafka(config);
    this.admin = this.kafka.admin();
    this.producer = this.kafka.producer();
  }

  /** Creates a topic with a name of its own. */
  async make(partitions = 1, config: Readonly<Record<string, string>> = {}): Promise<string> {
    const topic = `shoebox-${randomBytes(6).toString('hex')}`;
    await this.#create(topic, partitions, config);
    return topic;
  }

  /** Deletes a topic, and creates another one under its name. */
  async makeAgain(topic: string): Promise<void> {
    const listed = async () => new Set(await this.admin.listTopics());
    await this.admin.deleteTopics({ topics: [topic] });
    await askUntilReady(async () => ((await listed()).has(topic) ? undefined : true));
    await this.#create(topic, 1);
  }

  /** The offsets that a group has committed, by partition; -1 if there is none. */
  async committed(topic: string, groupId = topic): Promise<number[]> {
    const [found] = await askUntilReady(() =>
      this.admin.fetchOffsets({ groupId, topics: [topic] }),
    );
    const offsets: number[] = [];
    for (const { offset, partition } of found?.partitions ?? [])
      offsets[partition] = Number(offset);
    return offsets;
  }

  async send(topic: string, messages: Message[]): Promise<void> {
    await this.producer.send({ topic, messages });
  }

  /** Sends messages `from` to before `to`, each with its number as value. */
  async sendNumbers(topic: string, from: number, to: number, partition = 0): Promise<void> {
    const messages: Message[] = [];
    for (let number = from; number < to; number++) {
      messages.push({
        value: String(number),
        partition,
        timestamp: String(1_700_000_000_000 + number),
      });
    }
    await this.send(topic, messages);
  }

  async remove(): Promise<void> {
    if (!this.#isConnected) return;
    const topics = [...this.#made];
    this.#made.clear();
    if (topics.length > 0) await this.admin.deleteTopics({ topics });
    await Promise.all([this.admin.disconnect(), this.producer.disconnect()]);
    this.#isConnected = false;
  }

  async #create(
    topic: string,
    partitions: number,
    config: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await this.#connect();
    await createTopic(this.admin, topic, partitions, config);
    this.#made.add(topic);
  }

  async #connect(): Promise<void> {
    if (this.#isConnected) return;
    await Promise.all([this.admin.connect(), this.producer.connect()]);
    this.#isConnected = true;
  }
}

export function createKafka(config: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({
    brokers: [KAFKA_BROKERS ?? ''],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 500 },
    ...config,
  });
}
