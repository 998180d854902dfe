import { randomBytes } from 'node:crypto';

/** A broker that `../shared/services` starts, and the variable that says where it is. */
export type BrokerVariable = 'KAFKA_BROKERS' | 'NATS_URL' | 'AMQP_URL';

/**
 * Describes specs that need a broker. Without its variable they are skipped, and the report says
 * which variable is missing.
 */
export function describeWithBroker(
  name: string,
  variable: BrokerVariable,
  define: (address: string) => void,
): void {
  const address = process.env[variable];
  if (address === undefined || address === '') {
    describe.skip(`${name} (${variable} is not set)`, () => define(''));
  } else describe(name, () => define(address));
}

/** A name that no other run of a spec has. */
export function uniqueName(what: string): string {
  return `shoebox-spec-${what}-${randomBytes(4).toString('hex')}`;
}
