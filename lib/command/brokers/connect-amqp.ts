import type { ChannelModel, RecoveringChannelModel } from 'amqplib';

import type { BrokerUrl } from './broker-url.js';
import { cannotConnect } from './cannot-connect.js';
import { loadPackage } from './load-package.js';

/** Connects to RabbitMQ, or to another broker of AMQP 0-9-1. The path is the virtual host. */
export async function connectAmqp(url: BrokerUrl): Promise<ChannelModel> {
  const { connect } = await loadAmqp();
  try {
    return withoutCrash(await connect(optionsOf(url)));
  } catch (error) {
    throw cannotConnect(url, error);
  }
}

/** As `connectAmqp`; a connection that breaks later is made again, for as long as it takes. */
export async function connectLastingAmqp(url: BrokerUrl): Promise<RecoveringChannelModel> {
  const { connect } = await loadAmqp();
  try {
    const recovery = { initialMaxRetries: 0, maxDelay: 5000 };
    return withoutCrash(await connect(optionsOf(url), { recovery }));
  } catch (error) {
    throw cannotConnect(url, error);
  }
}

function loadAmqp(): Promise<typeof import('amqplib')> {
  return loadPackage(['amqplib'], 'amqp://', () => import('amqplib'));
}

function optionsOf({ hosts, password, path, scheme, user }: BrokerUrl) {
  const [host = ''] = hosts;
  const { hostname, port } = new URL(`http://${host}`);
  return {
    ...{ protocol: scheme, hostname: hostname.replace(/^\[|\]$/g, ''), vhost: path || '/' },
    ...(port !== '' && { port: Number(port) }),
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
  };
}

/** Whatever uses a connection reports that it has ended; without a listener it ends the process. */
function withoutCrash<Connection extends ChannelModel | RecoveringChannelModel>(
  connection: Connection,
): Connection {
  connection.on('error', () => {});
  return connection;
}
