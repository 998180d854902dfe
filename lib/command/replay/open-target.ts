import { readFile } from 'node:fs/promises';

import { type DestinationOptions, toAmqp, toHttp, toKafka, toNats } from '../../index.js';
import { type BrokerUrl, parseBrokerUrl } from '../brokers/broker-url.js';
import { cannotConnect } from '../brokers/cannot-connect.js';
import { connectAmqp } from '../brokers/connect-amqp.js';
import { createKafka, KAFKA_QUERY } from '../brokers/connect-kafka.js';
import { connectNats } from '../brokers/connect-nats.js';
import { checkUsage, UsageError } from '../options/usage-error.js';
import type { ReplayValues } from './replay-options.js';

/** Any destination of the library. */
export type AnyDestination = ReturnType<
  typeof toKafka | typeof toNats | typeof toAmqp | typeof toHttp
>;

/** Where a replay sends records. */
export interface ReplayTarget {
  /** Without a password, for messages. */
  readonly shown: string;
  /** Connects. @throws Error that says what could not be reached, or which package is missing */
  open(): Promise<OpenTarget>;
}

/** A destination whose client the command has created. */
export interface OpenTarget {
  readonly destination: AnyDestination;
  /** Ends the client, after the destination has ended. */
  close(): Promise<void>;
}

/** @throws UsageError for a URL that names no destination */
export function parseTarget(options: ReplayValues, env: NodeJS.ProcessEnv): ReplayTarget {
  const { cursorFile, inFlight, retryFor, to = '' } = options;
  const common: DestinationOptions = {
    retryFor,
    ...(cursorFile !== undefined && { cursorFile }),
    ...(inFlight !== undefined && { maxInFlight: inFlight }),
  };
  switch (/^([a-z]+):\/\//i.exec(to)?.[1]?.toLowerCase()) {
    case 'kafka':
      return targetOf(parse(to, KAFKA_QUERY, '/TOPIC'), openKafka, common);
    case 'nats':
      return targetOf(parse(to, []), openNats, common);
    case 'amqp':
    case 'amqps':
      return targetOf(parse(to, ['exchange', 'routing-key', 'queue']), openAmqp, common);
    case 'http':
    case 'https':
      return httpTarget(to, options, env, common);
    default:
      throw new UsageError(
        `--to is ${JSON.stringify(hidden(to))}: expected kafka://, nats://, amqp:// or http://`,
      );
  }
}

/** @param wantedPath what must follow the host */
function parse(to: string, names: readonly string[], wantedPath?: string): BrokerUrl {
  let url: BrokerUrl;
  try {
    url = parseBrokerUrl(to, names);
  } catch (error) {
    throw new UsageError(`--to: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (wantedPath !== undefined && url.path === '') {
    throw new UsageError(`--to is ${url.shown}, expected ${wantedPath} after the host`);
  }
  return url;
}

function targetOf(
  url: BrokerUrl,
  open: (url: BrokerUrl, options: DestinationOptions) => Promise<OpenTarget>,
  options: DestinationOptions,
): ReplayTarget {
  return { shown: url.shown, open: () => open(url, options) };
}

async function openKafka(url: BrokerUrl, options: DestinationOptions): Promise<OpenTarget> {
  const producer = (await createKafka(url)).producer({ allowAutoTopicCreation: false });
  try {
    await producer.connect();
  } catch (error) {
    throw cannotConnect(url, error);
  }
  return {
    destination: toKafka({ ...options, producer, topic: url.path }),
    close: () => producer.disconnect(),
  };
}

async function openNats(url: BrokerUrl, options: DestinationOptions): Promise<OpenTarget> {
  const connection = await connectNats(url);
  const subject = url.path === '' ? {} : { subject: url.path };
  return {
    destination: toNats({ ...options, ...subject, connection }),
    close: () => connection.close(),
  };
}

/** `?queue=NAME` is the queue's name as routing key of the exchange without a name. */
async function openAmqp(url: BrokerUrl, options: DestinationOptions): Promise<OpenTarget> {
  const { query } = url;
  const queue = query.get('queue');
  if (queue !== undefined && query.size > 1) {
    throw new UsageError('--to: queue does not go with exchange or routing-key');
  }
  const [exchange, routingKey] =
    queue === undefined ? [query.get('exchange'), query.get('routing-key')] : ['', queue];
  const connection = await connectAmqp(url);
  return {
    destination: toAmqp({
      ...{ ...options, connection },
      ...(exchange !== undefined && { exchange }),
      ...(routingKey !== undefined && { routingKey }),
    }),
    // It may have ended already, and then closing rejects.
    close: () => connection.close().catch(() => undefined),
  };
}

function httpTarget(
  to: string,
  { header, tokenFile }: ReplayValues,
  env: NodeJS.ProcessEnv,
  common: DestinationOptions,
): ReplayTarget {
  const given = { url: to, headers: Object.fromEntries(header) };
  // Finds out whether the library takes them. A cursor file would be opened.
  checkUsage(() => toHttp(given).destroy());
  const { origin, pathname } = new URL(to);
  return {
    shown: origin + pathname,
    async open() {
      const token = tokenFile === undefined ? env.SHOEBOX_TOKEN : await readFile(tokenFile, 'utf8');
      const isGiven = token !== undefined && token.trim() !== '';
      const headers = {
        ...(isGiven && { authorization: `Bearer ${token.trim()}` }),
        ...given.headers,
      };
      return { destination: toHttp({ ...common, ...given, headers }), close: async () => {} };
    },
  };
}

/** A text that may be a URL with a password. */
function hidden(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//***@');
}
