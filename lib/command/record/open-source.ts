import type { RecordSource } from '../../index.js';
import { type BrokerUrl, parseBrokerUrl } from '../brokers/broker-url.js';
import { createKafka, KAFKA_QUERY } from '../brokers/connect-kafka.js';
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
    default:
      throw new UsageError(`--from is ${JSON.stringify(hidden(from))}: expected ${EXPECTED}`);
  }
}

const EXPECTED = 'kafka://HOST/TOPIC';

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
  const incarnation = Number(query.get('incarnation') ?? '1');
  checkUsage(() => {
    if (Number.isSafeInteger(incarnation) && incarnation > 0) return;
    throw new RangeError('--from: incarnation is no whole number from 1');
  });
  return {
    shown,
    async open(onFailed) {
      const kafka = await createKafka(url);
      await registerKafkaCodecs(onFailed);
      const { createKafkaSource } = await import('../../sources/kafka.js');
      const source = createKafkaSource({ kafka, groupId, topics, incarnation });
      return { source, close: async () => {} };
    },
  };
}

/** A text that may be a URL with a password. */
function hidden(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//***@');
}
