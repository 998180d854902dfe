import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';

import { isNotFound } from './nats-client.js';

const DAY_NANOS = 24 * 3_600_000_000_000;

/** Acknowledging a message acknowledges all before it. */
const ACK_ALL = 'all';

/**
 * Finds the durable consumer, or creates it: it then gives the whole stream, lets any number of
 * messages be unacknowledged, and delivers none again for a day. (A source that starts reads what an
 * earlier one has left by itself.)
 *
 * @throws TypeError for a consumer that cannot be used
 */
export async function findConsumer(
  managing: JetStreamManager,
  stream: string,
  name: string,
): Promise<ConsumerInfo> {
  try {
    const found = await managing.consumers.info(stream, name);
    checkConsumer(found);
    return found;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const created = await managing.consumers.add(stream, {
    ...{ durable_name: name, ack_policy: ACK_ALL, deliver_policy: 'all' },
    ...{ max_ack_pending: -1, ack_wait: DAY_NANOS },
  });
  return created;
}

function checkConsumer({ config, name }: ConsumerInfo): void {
  const shown = JSON.stringify(name);
  if (config.deliver_subject !== undefined) {
    throw new TypeError(`consumer is ${shown}, which is a push consumer: expected a pull consumer`);
  }
  if (config.ack_policy !== ACK_ALL) {
    const { ack_policy: policy } = config;
    throw new TypeError(`consumer is ${shown} with the ack policy ${policy}, expected ${ACK_ALL}`);
  }
}
