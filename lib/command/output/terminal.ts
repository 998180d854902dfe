import { once } from 'node:events';
import { type Readable, Writable } from 'node:stream';
import { inspect, styleText } from 'node:util';

import { systemCodeOf } from '../options/system-code.js';
import { StatusLine } from './status-line.js';

/** A stream that may be a terminal. */
export type TerminalStream = Writable & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

/** The ends of the process that a command runs in; `process` is one. */
export interface Host {
  readonly stdin: Readable;
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly env: NodeJS.ProcessEnv;
}

export interface TerminalOptions {
  readonly isQuiet: boolean;
  /** Print errors with their stacks. */
  readonly isDebug: boolean;
}

/** Where a command prints: data to stdout, everything else to stderr. */
export class Terminal {
  readonly isQuiet: boolean;
  readonly host: Host;
  readonly #isDebug: boolean;
  readonly #status: StatusLine;
  #isClosed = false;
  #fault: Error | undefined;

  constructor(host: Host, { isDebug, isQuiet }: TerminalOptions) {
    this.host = host;
    this.isQuiet = isQuiet;
    this.#isDebug = isDebug;
    this.#status = new StatusLine(host.stderr, !isQuiet && host.stderr.isTTY === true);
    host.stdout.on('error', (error: NodeJS.ErrnoException) => {
      // `head` has read enough: that is success.
      if (error.code === 'EPIPE') this.#isClosed = true;
      else this.#fault ??= error;
    });
  }

  /** Whether the reader of stdout has closed it: printing makes no sense any more. */
  get isClosed(): boolean {
    return this.#isClosed || this.host.stdout.destroyed;
  }

  /** Prints data. Resolves when there is room for more; rejects if stdout failed, as on a full disk. */
  async print(text: string | Uint8Array): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.isClosed) return;
    if (this.host.stdout.isTTY === true) this.#status.clear();
    if (!this.host.stdout.write(text)) await drainOrClose(this.host.stdout);
  }

  async printLine(text: string): Promise<void> {
    await this.print(`${text}\n`);
  }

  /** Prints an object as one line of JSON. */
  async printJson(value: object): Promise<void> {
    await this.print(`${JSON.stringify(value)}\n`);
  }

  /** stdout as a Writable with backpressure, which ends silently once stdout is closed. */
  asWritable(): Writable {
    return new Writable({
      write: (chunk: Uint8Array, _encoding, done) => {
        if (this.isClosed) done(closedOutput());
        else this.print(chunk).then(() => done(this.isClosed ? closedOutput() : null), done);
      },
    });
  }

  /** Says something to the user, unless `--quiet`. */
  note(text: string): void {
    if (!this.isQuiet) this.#say(text);
  }

  /** Says what went wrong. */
  warn(text: string): void {
    this.#say(`${styleText('yellow', 'warning:', { stream: this.host.stderr })} ${text}`);
  }

  /** Says why the command fails. */
  fail(error: unknown, text: string): void {
    const name = styleText('red', 'shoebox:', { stream: this.host.stderr });
    this.#say(`${name} ${text}`);
    if (this.#isDebug) this.#say(inspect(error));
  }

  /** Shows one line that the next one replaces, if stderr is a terminal. */
  showStatus(text: string): void {
    this.#status.show(text);
  }

  /** Erases the status line. */
  clearStatus(): void {
    this.#status.clear();
  }

  #say(text: string): void {
    this.#status.clear();
    this.host.stderr.write(`${text}\n`);
  }
}

/** Whether `error` only says that the reader of stdout has closed it. */
export function isClosedOutput(error: unknown): boolean {
  return systemCodeOf(error) === 'EPIPE';
}

function closedOutput(): Error {
  return Object.assign(new Error('stdout was closed'), { code: 'EPIPE' });
}

async function drainOrClose(stdout: Writable): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  try {
    await Promise.race([once(stdout, 'drain', { signal }), once(stdout, 'close', { signal })]);
  } catch (error) {
    // `isClosed` says the rest.
    if (!isClosedOutput(error)) throw error;
  } finally {
    done.abort();
  }
}
