import { join } from 'node:path';

import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

import { killArchivers, makeWork } from '../brokers/kill-archivers.js';
import { Publishing } from './publishing.js';
import { startServer } from './server.js';

/** Each archiver reads two of them, so that each stream has two archivers that share its consumer. */
const STREAMS = ['torture-0', 'torture-1', 'torture-2'];

/** Kills archivers of streams, and their server, while a publisher sends. */
export async function tortureNats(kills: number, ack: 'synced' | 'shipped'): Promise<boolean> {
  const program = process.env.NATS_SERVER;
  if (program === undefined) {
    throw new Error('NATS_SERVER is not set: it names the program nats-server');
  }
  const work = await makeWork('nats', ack);
  const { address, server } = await startServer(program, join(work, 'server'));
  const connection = await connect({
    ...{ servers: address, maxReconnectAttempts: -1, reconnectTimeWait: 50 },
  });
  const manager = await jetstreamManager(connection);
  for (const name of STREAMS) await manager.streams.add({ name, subjects: [`${name}.>`] });
  const publishing = new Publishing(connection, STREAMS);
  publishing.begin();

  /** The sequence after the last one of a stream. */
  const endOf = async (name: string) => (await manager.streams.info(name)).state.last_seq + 1;
  return await killArchivers({
    ...{ kills, ack, work, address, server },
    child: 'torture/nats/child.js',
    reads: STREAMS.map((stream, at) => `${stream},${STREAMS[(at + 1) % STREAMS.length]}`),
    confirmed: () => publishing.confirmed,
    end: () => publishing.end(),
    async isAcknowledged() {
      for (const name of STREAMS) {
        const { ack_floor } = await manager.consumers.info(name, 'archive');
        if (ack_floor.stream_seq + 1 < (await endOf(name))) return false;
      }
      return true;
    },
    async series() {
      const ends = await Promise.all(
        STREAMS.map(async (folder) => ({ folder, first: 1, end: await endOf(folder) })),
      );
      await connection.close();
      return ends;
    },
  });
}
