import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import { startShoebox } from './run-shoebox.js';
import { TemporaryDirectories } from './series.js';

/** A running `shoebox serve`. */
export interface Served {
  readonly url: string;
  readonly directory: string;
  readonly child: ChildProcess;
  /** The lines of stderr so far. */
  readonly lines: readonly string[];
  /** Sends SIGTERM; returns the exit code and the text of stderr. */
  stop(): Promise<{ code: number | null; stderr: string }>;
}

/** Starts the built command as a child process, and kills what a spec has left. */
export class ServeChildren {
  readonly #temporary = new TemporaryDirectories();
  readonly #children: ChildProcess[] = [];

  async start(
    options: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    given?: string,
  ): Promise<Served> {
    const directory = given ?? (await this.#temporary.make());
    const args = ['serve', directory, '--listen', '127.0.0.1:0', ...options];
    const child = startShoebox(args, { env });
    this.#children.push(child);
    const lines: string[] = [];
    const errors = createInterface(child.stderr);
    errors.on('line', (line) => lines.push(line));
    await once(errors, 'line');
    const [, url = ''] = /listening on (https?:\/\/[\w.:[\]]+)/.exec(lines[0] ?? '') ?? [];
    return {
      ...{ url, directory, child, lines },
      async stop() {
        const ended = once(errors, 'close');
        child.kill('SIGTERM');
        const [code] = await once(child, 'exit');
        await ended;
        return { code, stderr: lines.join('\n') };
      },
    };
  }

  async makeDirectory(): Promise<string> {
    return await this.#temporary.make();
  }

  async end(): Promise<void> {
    for (const child of this.#children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    await this.#temporary.remove();
  }
}

/** The answer to a posted body. */
export interface PostAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { readonly writer: string; readonly sequence: number; readonly error: string };
}

export async function post(
  url: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<PostAnswer> {
  const response = await fetch(url, { method: 'POST', body, headers });
  // Specs compare the fields.
  const answer = (await response.json()) as PostAnswer['body'];
  return { status: response.status, headers: response.headers, body: answer };
}

/** Sends a whole request, and only then reads the answer. */
export async function exchange(
  url: string,
  head: readonly string[],
  body: string,
): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const lines = [...head, 'Host: x', 'Connection: close', '', ''];
  await new Promise((resolve) => socket.write(lines.join('\r\n') + body, resolve));
  return await text(socket);
}
