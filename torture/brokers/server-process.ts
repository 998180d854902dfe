import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

const PAUSE_MS = 50;

/** A server that does not answer after so long never will. */
const LONGEST_START_MS = 60_000;

/** A server of its own on loopback, which is killed and started again. It ends with this process. */
export class ServerProcess {
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #ask: () => Promise<void>;
  #process: ChildProcess | undefined;

  /** @param ask rejects until the server answers */
  constructor(command: string, args: readonly string[], ask: () => Promise<void>) {
    this.#command = command;
    this.#args = args;
    this.#ask = ask;
    process.once('exit', () => this.#process?.kill('SIGKILL'));
  }

  /** Settles when the server answers. */
  async start(): Promise<void> {
    this.#process = spawn(this.#command, this.#args, { stdio: 'ignore' });
    const begunMs = performance.now();
    for (;;) {
      try {
        await this.#ask();
        return;
      } catch (error) {
        if (performance.now() - begunMs > LONGEST_START_MS) throw error;
      }
      await setTimeout(PAUSE_MS);
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

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
