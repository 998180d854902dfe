import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';

import { fromJsonLines } from '../exporting/from-json-lines.js';
import type { ByteCount, Duration } from '../format/quantity.js';
import { parseDurationMs } from '../format/quantity.js';
import { timers } from '../format/timers.js';
import {
  type ArchiveWriterOptions,
  createArchiveWriter,
} from '../shipping/create-archive-writer.js';
import { rollByAge, rollBySize } from '../writing/policies/roll-policies.js';
import type { RollPolicy } from '../writing/policies/roll-policy.js';

/** Options that pino hands to its worker thread; so they hold no functions. */
export interface PinoTransportOptions
  extends Pick<
    ArchiveWriterOptions,
    | 'directory'
    | 'createDirectory'
    | 'template'
    | 'sync'
    | 'flushInterval'
    | 'index'
    | 'mode'
    | 'ship'
  > {
  /** When to continue in a new archive: at a size, at an age, or at the first of both. @default 100 MiB, 5 minutes */
  readonly roll?: { readonly size?: ByteCount; readonly age?: Duration };
  /** Members of each line that become metadata; see `fromJsonLines`. @default ['level'] */
  readonly metadata?: readonly string[] | Readonly<Record<string, string>>;
  /** The path of each line's time. @default '.time' */
  readonly time?: string;
  /**
   * How long the end may take to seal and ship; pino waits 10 s. After that,
   * archives are sealed on disk and not shipped; the next start ships them. @default '5s'
   */
  readonly deadline?: Duration;
}

/**
 * A pino transport that archives log lines: `pino.transport({ target: 'shoebox-archive/pino',
 * options: { directory } })`. The payload is the line without its line feed. It loses no line at
 * `process.exit`, an uncaught error or `logger.flush`: pino waits until everything is sealed or, for
 * `flush`, synced.
 */
export default function pinoTransport(options: PinoTransportOptions): Writable {
  return new PinoTransport(options);
}

/** Takes text in chunks of any size, and archives its lines. */
class PinoTransport extends Writable {
  readonly #parser: ReturnType<typeof fromJsonLines>;
  readonly #writer: ReturnType<typeof createArchiveWriter>;
  readonly #deadlineMs: number;

  constructor(given: PinoTransportOptions) {
    super({ decodeStrings: true });
    // Pino adds options of its own: `$context`, `pinoWillSendConfig`.
    const own = Object.entries(given).filter(([name]) => !/^(\$|pino)/.test(name));
    const options = Object.fromEntries(own) as unknown as PinoTransportOptions;
    const { deadline = '5s', metadata, roll, time, ...writing } = options;
    this.#deadlineMs = parseDurationMs(deadline, 'deadline');
    this.#writer = createArchiveWriter({ ...writing, ...(roll && { roll: policiesOf(roll) }) });
    this.#parser = fromJsonLines({
      metadata: metadata ?? ['level'],
      time: time ?? '.time',
      // A line of another writer to the same stream must not end the log.
      invalid: 'skip',
    });
    this.#writer.on('error', (error) => this.destroy(error));
    this.#parser.on('error', (error) => this.destroy(error));
    this.#parser.pipe(this.#writer, { end: false });
  }

  /** Called by `logger.flush`: settles when all lines so far are on disk. */
  async flush(): Promise<void> {
    if (this.#parser.writableLength + this.#parser.readableLength > 0) {
      await new Promise((resolve) => timers.setImmediate(resolve));
      return await this.flush();
    }
    await this.#writer.flush({ until: 'synced' });
  }

  override _write(
    chunk: Buffer,
    _encoding: string,
    callback: (error?: Error | null) => void,
  ): void {
    this.#parser.write(chunk, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#close().then(() => callback(), callback);
  }

  async #close(): Promise<void> {
    this.#parser.end();
    await finished(this.#parser);
    await this.#writer.close({ deadlineMs: this.#deadlineMs });
  }
}

function policiesOf({ age, size }: NonNullable<PinoTransportOptions['roll']>): RollPolicy[] {
  return [
    ...(size === undefined ? [] : [rollBySize(size)]),
    ...(age === undefined ? [] : [rollByAge(age)]),
  ];
}
