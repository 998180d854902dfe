import type { Kafka, SASLOptions } from 'kafkajs';

import { UsageError } from '../options/usage-error.js';
import type { BrokerUrl } from './broker-url.js';
import { loadPackage } from './load-package.js';

/** The parameters that the query of a `kafka://` URL may have. */
export const KAFKA_QUERY = ['tls', 'sasl'] as const;

/** Creates the client of Kafka. It connects on its first use. */
export async function createKafka(url: BrokerUrl): Promise<Kafka> {
  const { Kafka: KafkaClient, logLevel } = await loadPackage(
    ['kafkajs'],
    'kafka://',
    () => import('kafkajs'),
  );
  const sasl = saslOf(url);
  return new KafkaClient({
    ...{ clientId: 'shoebox', brokers: [...url.hosts], logLevel: logLevel.NOTHING },
    ...(url.query.get('tls') === 'true' && { ssl: true }),
    ...(sasl !== undefined && { sasl }),
  });
}

/** User and password of the URL, with `sasl=plain` (default), `scram-sha-256` or `scram-sha-512`. */
function saslOf({ password, query, user: username }: BrokerUrl): SASLOptions | undefined {
  const mechanism = query.get('sasl') ?? 'plain';
  if (username === undefined || password === undefined) {
    if (query.has('sasl')) throw new UsageError('sasl in the URL goes with a user and a password');
    return undefined;
  }
  switch (mechanism) {
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512':
      return { mechanism, username, password };
    default:
      throw new UsageError(`sasl is ${mechanism}, expected plain, scram-sha-256 or scram-sha-512`);
  }
}
