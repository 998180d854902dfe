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
  readonly stdin: Readable & {
    readonly isTTY?: boolean | undefined;
    /** The number of its descriptor; undefined if it does not belong to the process. */
    readonly fd?: number;
  };
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly env: NodeJS.ProcessEnv;
}

/** How important a message is. */
export type MessageLevel = 'debug' | 'info' | 'warn' | 'error';

/** The levels, the least important first. */
export const MESSAGE_LEVELS: readonly MessageLevel[] = ['debug', 'info', 'warn', 'error'];

/** Facts of a message, for programs. */
export type MessageFacts = Readonly<Record<string, unknown>>;

/** Where messages go instead of to stderr as text. */
export interface MessageSink {
  /** Decides itself which levels it takes. */
  tell(level: MessageLevel, text: string, facts: MessageFacts): void;
  /** Takes what the user has asked for, at any level. */
  answer(text: string): void;
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
  #level: MessageLevel;
  #sink: MessageSink | undefined;
  #isClosed = false;
  #fault: Error | undefined;

  constructor(host: Host, { isDebug, isQuiet }: TerminalOptions) {
    this.host = host;
    this.isQuiet = isQuiet;
    this.#isDebug = isDebug;
    this.#level = isQuiet ? 'warn' : 'info';
    this.#status = new StatusLine(host.stderr, !isQuiet && host.stderr.isTTY === true);
    // A terminal that has gone must not end a command that is still sealing.
    host.stderr.on('error', () => undefined);
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

  /** The least important level of the messages that are shown. */
  get level(): MessageLevel {
    return this.#level;
  }

  /** Shows only messages from this level on. With `--quiet` none below `warn` is shown. */
  setLevel(level: MessageLevel): void {
    if (!this.isQuiet || rankOf(level) > rankOf(this.#level)) this.#level = level;
  }

  /** Gives all later messages to `sink`, and shows no status line any more. */
  redirect(sink: MessageSink): void {
    this.#status.clear();
    this.#sink = sink;
  }

  /** Says something to the user, unless `--quiet`. */
  note(text: string, facts: MessageFacts = {}): void {
    this.#tell('info', text, facts);
  }

  /** Says what went wrong. */
  warn(text: string, facts: MessageFacts = {}): void {
    this.#tell('warn', text, facts);
  }

  /** Says why the command fails, or that something is lost. */
  fail(error: unknown, text: string): void {
    const code = systemCodeOf(error);
    const stack = this.#isDebug ? { stack: inspect(error) } : {};
    this.#tell('error', text, { ...(code !== undefined && { code }), ...stack });
  }

  /** Logs a step of the work. People see it with `--log-level debug` only. */
  log(text: string, facts: MessageFacts): void {
    if (this.#sink !== undefined) this.#sink.tell('info', text, facts);
    else this.#tell('debug', text, facts);
  }

  /** Logs what is of interest in the search for a fault only. */
  debug(text: string, facts: MessageFacts): void {
    this.#tell('debug', text, facts);
  }

  /** Answers a user who asks for the status, at any level. */
  answer(text: string): void {
    if (this.#sink !== undefined) this.#sink.answer(text);
    else this.#say(`shoebox: ${text}`);
  }

  /** Shows one line that the next one replaces, if stderr is a terminal. */
  showStatus(text: string): void {
    if (this.#sink === undefined) this.#status.show(text);
  }

  /** Erases the status line. */
  clearStatus(): void {
    this.#status.clear();
  }

  #tell(level: MessageLevel, text: string, facts: MessageFacts): void {
    if (this.#sink !== undefined) {
      this.#sink.tell(level, text, facts);
      return;
    }
    if (rankOf(level) < rankOf(this.#level)) return;
    const stream = this.host.stderr;
    if (level === 'warn') this.#say(`${styleText('yellow', 'warning:', { stream })} ${text}`);
    else if (level === 'error') this.#say(`${styleText('red', 'shoebox:', { stream })} ${text}`);
    else this.#say(text);
    if (typeof facts.stack === 'string') this.#say(facts.stack);
  }

  #say(text: string): void {
    this.#status.clear();
    this.host.stderr.write(`${text}\n`);
  }
}

function rankOf(level: MessageLevel): number {
  return MESSAGE_LEVELS.indexOf(level);
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
