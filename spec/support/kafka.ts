import { randomBytes } from 'node:crypto';

import { Kafka, type KafkaConfig, logLevel, type Message } from 'kafkajs';

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

/** Topics of a spec on the real broker, which `remove` deletes. */
export class KafkaTopics {
  readonly kafka: Kafka;
  readonly admin: ReturnType<Kafka['admin']>;
  readonly producer: ReturnType<Kafka['producer']>;
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
    await this.create(topic, partitions, config);
    return topic;
  }

  async create(topic: string, partitions = 1, config: Readonly<Record<string, string>> = {}) {
    await this.#connect();
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await this.admin.createTopics({
      topics: [{ topic, numPartitions: partitions, configEntries }],
      waitForLeaders: true,
    });
    this.#made.add(topic);
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
