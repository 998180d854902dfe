import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

/** A NATS server of its own with JetStream, which may be killed. Its data outlive it. */
export class Server {
  readonly address: string;
  readonly #program: string;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(program: string, directory: string, port: number) {
    this.#program = program;
    this.#args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', directory];
    this.address = `nats://127.0.0.1:${port}`;
  }

  /** @param program the path of `nats-server` */
  static async create(program: string, directory: string): Promise<Server> {
    const server = new Server(program, directory, await freePort());
    process.once('exit', () => server.#process?.kill('SIGKILL'));
    await server.start();
    return server;
  }

  /** Settles when JetStream answers. */
  async start(): Promise<void> {
    this.#process = spawn(this.#program, this.#args, { stdio: 'ignore' });
    for (;;) {
      try {
        const connection = await connect({ servers: this.address, reconnect: false });
        try {
          await jetstreamManager(connection);
          return;
        } finally {
          await connection.close();
        }
      } catch {
        // Not yet.
      }
      await setTimeout(50);
    }
  }

  async kill(): Promise<void> {
    const server = this.#process;
    if (server === undefined) return;
    const exit = once(server, 'exit');
    server.kill('SIGKILL');
    await exit;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
