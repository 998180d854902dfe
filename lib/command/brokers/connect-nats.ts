import type { NatsConnection } from '@nats-io/transport-node';

import type { BrokerUrl } from './broker-url.js';
import { cannotConnect } from './cannot-connect.js';
import { loadPackage } from './load-package.js';

const PACKAGES = ['@nats-io/transport-node', '@nats-io/jetstream'] as const;

/** Connects to NATS. The connection is kept up for as long as the server is away. */
export async function connectNats(url: BrokerUrl): Promise<NatsConnection> {
  const { connect } = await loadPackage(
    PACKAGES,
    'nats://',
    () => import('@nats-io/transport-node'),
  );
  const { hosts, password, user } = url;
  try {
    return await connect({
      ...{ servers: [...hosts], name: 'shoebox', maxReconnectAttempts: -1 },
      // A name without a password is a token, as in the URLs of other clients of NATS.
      ...(user !== undefined &&
        (password === undefined ? { token: user } : { user, pass: password })),
    });
  } catch (error) {
    throw cannotConnect(url, error);
  }
}
