import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';

import { asError } from '../../errors/as-error.js';

/** What `createNatsSource` calls of a connection, such as that of `@nats-io/transport-node`. */
export interface NatsSourceConnection {
  isClosed(): boolean;
  closed(): Promise<unknown>;
  request(
    subject: string,
    payload?: Uint8Array,
    options?: { timeout: number },
  ): Promise<{ json(): unknown }>;
}

/** JetStream over a connection. */
export interface NatsClient {
  readonly consuming: JetStreamClient;
  readonly managing: JetStreamManager;
}

/** Loads `@nats-io/jetstream`, which only users of NATS have. */
export async function openJetStream(connection: NatsSourceConnection): Promise<NatsClient> {
  const { jetstream, jetstreamManager } = await import('@nats-io/jetstream');
  // Every connection of the package's own kind has these methods. Its type must not be part of ours,
  // which is there without the package.
  const own = connection as unknown as NatsConnection;
  return { consuming: jetstream(own), managing: await jetstreamManager(own) };
}

/** Whether JetStream answered that there is no such stream, consumer or message. */
export function isNotFound(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'status' in error && error.status === 404;
}

/** The names of errors of requests that nothing has answered, and of deliveries that were cut off. */
const TROUBLE = [
  ...['TimeoutError', 'RequestError', 'NoRespondersError', 'JetStreamNotEnabled'],
  ...['JetStreamError', 'JetStreamStatusError'],
];

/** Failures of requests while the server is away, or the connection is being made again. */
export function isConnectionTrouble(error: unknown): boolean {
  const { name } = asError(error);
  return TROUBLE.includes(name);
}
