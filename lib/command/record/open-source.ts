import type { RecordSource } from '../../index.js';
import { type BrokerUrl, parseBrokerUrl } from '../brokers/broker-url.js';
import { connectLastingAmqp } from '../brokers/connect-amqp.js';
import { createKafka, KAFKA_QUERY } from '../brokers/connect-kafka.js';
import { connectNats } from '../brokers/connect-nats.js';
import { registerKafkaCodecs } from '../brokers/kafka-codecs.js';
import { checkUsage, UsageError } from '../options/usage-error.js';

/** Where `--from` gets records. */
export interface GivenSource {
  /** Without a password, for messages. */
  readonly shown: string;
  /**
   * Loads the client.
   *
   * @param onFailed called for what the client itself would not report
   * @throws Error that says what could not be reached, or which package is missing
   */
  open(onFailed: (error: unknown) => void): Promise<OpenSource>;
}

export interface OpenSource {
  readonly source: RecordSource;
  /** Ends the connection that the command has opened, after the archiving. */
  close(): Promise<void>;
}

/** @throws UsageError for a URL that names no source */
export function parseSource(from: string): GivenSource {
  switch (/^([a-z]+):\/\//i.exec(from)?.[1]?.toLowerCase()) {
    case 'kafka':
      return kafkaSource(parse(from, [...KAFKA_QUERY, 'group', 'incarnation']));
    case 'nats':
      return natsSource(parse(from, ['consumer', 'incarnation']));
    case 'amqp':
    case 'amqps':
      return amqpSource(parse(from, ['queue', 'prefetch']));
    default:
      throw new UsageError(`--from is ${JSON.stringify(hidden(from))}: expected ${EXPECTED}`);
  }
}

const EXPECTED = 'kafka://HOST/TOPIC, nats://HOST/STREAM or amqp://HOST?queue=NAME';

/** @throws UsageError */
function parse(from: string, names: readonly string[]): BrokerUrl {
  try {
    return parseBrokerUrl(from, names);
  } catch (error) {
    throw new UsageError(`--from: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const DEFAULT_GROUP = 'shoebox';

/** `kafka://HOST[,HOST…]/TOPIC[,TOPIC…]?group=NAME&incarnation=NUMBER`. */
function kafkaSource(url: BrokerUrl): GivenSource {
  const { path, query, shown } = url;
  const topics = path.split(',');
  if (topics.includes('')) {
    throw new UsageError(`--from is ${shown}, expected /TOPIC or /TOPIC,TOPIC after the host`);
  }
  const groupId = query.get('group') ?? DEFAULT_GROUP;
  if (groupId === '') throw new UsageError('--from: group is empty');
  const incarnation = wholeNumberIn(query, 'incarnation', 1);
  return {
    shown,
    async open(onFailed) {
      const kafka = await createKafka(url);
      await registerKafkaCodecs(onFailed);
      const { createKafkaSource } = await import('../../sources/kafka.js');
      const source = checkUsage(() => createKafkaSource({ kafka, groupId, topics, incarnation }));
      return { source, close: async () => {} };
    },
  };
}

const DEFAULT_CONSUMER = 'shoebox';

/** `nats://HOST/STREAM?consumer=NAME&incarnation=NUMBER`. */
function natsSource(url: BrokerUrl): GivenSource {
  const { path: stream, query, shown } = url;
  if (stream === '') throw new UsageError(`--from is ${shown}, expected /STREAM after the host`);
  const consumer = query.get('consumer') ?? DEFAULT_CONSUMER;
  const incarnation = wholeNumberIn(query, 'incarnation', 1);
  return {
    shown,
    async open() {
      const connection = await connectNats(url);
      const { createNatsSource } = await import('../../sources/nats.js');
      try {
        const options = { connection, stream, consumer, incarnation };
        const source = checkUsage(() => createNatsSource(options));
        return { source, close: () => connection.close() };
      } catch (error) {
        await connection.close();
        throw error;
      }
    },
  };
}

/** `amqp://HOST[/VHOST]?queue=NAME&prefetch=NUMBER`. */
function amqpSource(url: BrokerUrl): GivenSource {
  const { query, shown } = url;
  const queue = query.get('queue') ?? '';
  if (queue === '') throw new UsageError(`--from is ${shown}, expected ?queue=NAME at its end`);
  const prefetch = wholeNumberIn(query, 'prefetch', 1000);
  return {
    shown,
    async open() {
      const connection = await connectLastingAmqp(url);
      const { createAmqpSource } = await import('../../sources/amqp.js');
      return {
        source: checkUsage(() => createAmqpSource({ connection, queue, prefetch })),
        // It may have ended already, and then closing rejects.
        close: () => connection.close().catch(() => undefined),
      };
    },
  };
}

/** @throws UsageError for anything but a whole number from 1 */
function wholeNumberIn(query: BrokerUrl['query'], name: string, usual: number): number {
  const number = Number(query.get(name) ?? usual);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new UsageError(`--from: ${name} is no whole number from 1`);
}

/** A text that may be a URL with a password. */
function hidden(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//***@');
}
