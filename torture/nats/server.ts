import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

import { freePort, ServerProcess } from '../brokers/server-process.js';

/** Starts a NATS server with JetStream, whose data outlive it. */
export async function startServer(
  program: string,
  directory: string,
): Promise<{ readonly address: string; readonly server: ServerProcess }> {
  const port = await freePort();
  const address = `nats://127.0.0.1:${port}`;
  const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', directory];
  const server = new ServerProcess(program, args, async () => {
    const connection = await connect({ servers: address, reconnect: false });
    await jetstreamManager(connection).finally(() => connection.close());
  });
  await server.start();
  return { address, server };
}
