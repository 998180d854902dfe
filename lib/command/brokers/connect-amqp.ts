import type { ChannelModel } from 'amqplib';

import type { BrokerUrl } from './broker-url.js';
import { cannotConnect } from './cannot-connect.js';
import { loadPackage } from './load-package.js';

/** Connects to RabbitMQ, or to another broker of AMQP 0-9-1. The path is the virtual host. */
export async function connectAmqp(url: BrokerUrl): Promise<ChannelModel> {
  const { connect } = await loadPackage(['amqplib'], 'amqp://', () => import('amqplib'));
  const { hosts, password, path, scheme, user } = url;
  const [host = ''] = hosts;
  const { hostname, port } = new URL(`http://${host}`);
  try {
    const connection = await connect({
      ...{ protocol: scheme, hostname: hostname.replace(/^\[|\]$/g, ''), vhost: path || '/' },
      ...(port !== '' && { port: Number(port) }),
      ...(user !== undefined && { username: user }),
      ...(password !== undefined && { password }),
    });
    // Whatever uses the connection reports that it has ended; without a listener it ends the process.
    connection.on('error', () => {});
    return connection;
  } catch (error) {
    throw cannotConnect(url, error);
  }
}
