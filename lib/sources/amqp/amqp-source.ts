import { ArchiveError } from '../../errors/archive-error.js';
import { asError } from '../../errors/as-error.js';
import { show } from '../../errors/show.js';
import { amqpMetadata, type ConsumedAmqpMessage } from '../../exporting/messages/amqp-message.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkMethods, checkWholeNumber } from '../../format/option-values.js';
import { sleep } from '../../format/timers.js';
import {
  RecordSource,
  type SafePosition,
  type SeriesIntake,
  type SourceSeries,
  type SourceTarget,
} from '../contract/record-source.js';
import { seriesPath } from '../contract/series-path.js';

/** What `createAmqpSource` calls of a connection of amqplib. */
export interface AmqpSourceConnection {
  createChannel(): Promise<AmqpSourceChannel>;
}

/** What `createAmqpSource` calls of a channel. */
export interface AmqpSourceChannel {
  prefetch(count: number): Promise<unknown>;
  consume(
    queue: string,
    onMessage: (message: AmqpDelivery | null) => void,
  ): Promise<{ readonly consumerTag: string }>;
  cancel(consumerTag: string): Promise<unknown>;
  ack(message: { readonly fields: { readonly deliveryTag: number } }, allUpTo?: boolean): void;
  close(): Promise<unknown>;
  on(event: 'error' | 'close', listener: (error?: unknown) => void): unknown;
}

/** A message as a queue delivers it. */
export interface AmqpDelivery extends ConsumedAmqpMessage {
  readonly content: Buffer;
  readonly fields: ConsumedAmqpMessage['fields'] & { readonly deliveryTag: number };
}

/** Options of `createAmqpSource`. */
export interface AmqpSourceOptions {
  /**
   * Your connection of amqplib: authentication and TLS are yours. It stays open. One that was created
   * with `recovery: true` lets the source continue after the broker was away.
   */
  readonly connection: AmqpSourceConnection;
  /** The queue, which must exist. */
  readonly queue: string;
  /**
   * How many messages the broker may have delivered that are not acknowledged, 1 to 65,535. With
   * `ack: 'shipped'`, an archive holds no more than these. @default 1000
   */
  readonly prefetch?: number | undefined;
}

const AMQP_SOURCE_OPTION_NAMES: OptionNames<AmqpSourceOptions> = {
  connection: checkMethods('createChannel'),
  queue: true,
  prefetch: true,
};

const MOST_PREFETCH = 65_535;

/**
 * The messages of a queue of RabbitMQ, or of another broker of AMQP 0-9-1, for `archiveFrom`. A
 * queue has no numbers that would last, so a message that is delivered again after a crash is
 * archived again: at least once. Metadata are exchange, routing key, properties and headers (docs/brokers.md);
 * a record's time is the message's timestamp, or else now.
 *
 * @throws TypeError or RangeError for an invalid option
 */
export function createAmqpSource(options: AmqpSourceOptions): RecordSource {
  const given = readOptions(options, AMQP_SOURCE_OPTION_NAMES);
  const { connection, prefetch = 1000, queue } = given;
  if (typeof queue !== 'string' || queue === '') {
    throw new TypeError(`queue is ${show(queue)}, expected the name of a queue`);
  }
  checkWholeNumber('prefetch', prefetch, 1, MOST_PREFETCH);
  return new AmqpSource(connection, queue, prefetch);
}

/** How often, and after which delay, another channel is opened. */
const MOST_ATTEMPTS = 5;
const RETRY_MS = 100;

/** A channel, and the position of the first message that it delivers. */
interface OpenChannel {
  readonly channel: AmqpSourceChannel;
  readonly consumerTag: string;
  /** The number that makes a position of a delivery tag; tags begin at 1. */
  readonly base: number;
}

class AmqpSource extends RecordSource {
  readonly name: string;
  /** The broker waits for acknowledgements. */
  readonly acknowledgeIntervalMs = 0;
  readonly #connection: AmqpSourceConnection;
  readonly #queue: string;
  readonly #prefetch: number;
  #target: SourceTarget | undefined;
  #intake: SeriesIntake | undefined;
  #open: OpenChannel | undefined;
  /** Messages that wait for room, at most `prefetch`. */
  #waiting: { readonly position: number; readonly message: AmqpDelivery }[] = [];
  #taking: Promise<void> | undefined;
  #last = 0;
  #isStopping = false;

  constructor(connection: AmqpSourceConnection, queue: string, prefetch: number) {
    super();
    this.name = `AMQP queue ${queue}`;
    this.#connection = connection;
    this.#queue = queue;
    this.#prefetch = prefetch;
  }

  async start(target: SourceTarget): Promise<void> {
    this.#target = target;
    const series: SourceSeries = {
      path: seriesPath(this.#queue),
      options: { createDirectory: true },
    };
    this.#intake = await target.open(series);
    await this.#consume();
  }

  async acknowledge(positions: readonly SafePosition[]): Promise<void> {
    const open = this.#open;
    const position = positions.at(-1)?.position ?? 0;
    // Messages of an earlier channel come again.
    if (open === undefined || position <= open.base) return;
    const { base, channel } = open;
    try {
      channel.ack({ fields: { deliveryTag: position - base } }, true);
    } catch {
      // The channel has just ended, and its event `close` will say so. Its messages come again.
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#waiting = [];
    await this.#taking;
    const open = this.#open;
    // A channel that has just ended delivers nothing more.
    await open?.channel.cancel(open.consumerTag).catch(() => undefined);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.channel.close().catch(() => undefined);
  }

  async #consume(): Promise<void> {
    const base = this.#last;
    let channel: AmqpSourceChannel;
    try {
      channel = await this.#connection.createChannel();
      let problem: unknown;
      channel.on('error', (error) => {
        problem = error;
      });
      channel.on('close', () => this.#onClosed(channel, problem));
      await channel.prefetch(this.#prefetch);
      const { consumerTag } = await channel.consume(this.#queue, (message) => {
        if (message === null) this.#fail('the queue was deleted');
        else this.#deliver(base + message.fields.deliveryTag, message);
      });
      this.#open = { channel, consumerTag, base };
    } catch (error) {
      throw this.#ended(asError(error).message, error);
    }
  }

  #deliver(position: number, message: AmqpDelivery): void {
    if (this.#isStopping) return;
    this.#last = position;
    this.#waiting.push({ position, message });
    this.#taking ??= this.#takeAll();
  }

  /** Takes what waits, in order, as there is room. */
  async #takeAll(): Promise<void> {
    // The rest of what has arrived together comes first, and `#taking` must be set before it is unset.
    await Promise.resolve();
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        const hasRoom = this.#intake?.take(next.position, toRecord(next.message));
        if (hasRoom === false) await this.#intake?.ready();
      }
    } catch (error) {
      this.#target?.fail(error);
    } finally {
      this.#taking = undefined;
    }
  }

  /** A channel ends with its connection, or because the broker refused something. */
  #onClosed(channel: AmqpSourceChannel, problem: unknown): void {
    // While it is being opened, `#consume` rejects.
    if (this.#open?.channel !== channel || this.#isStopping) return;
    this.#open = undefined;
    this.#waiting = [];
    this.#reopen().catch((error) => {
      const cause = problem ?? error;
      this.#fail(`the channel has ended: ${asError(cause).message}`, cause);
    });
  }

  /**
   * Opens another channel. A connection that recovers waits until the broker is back, once it has
   * noticed that it is broken, which is after its channels.
   */
  async #reopen(): Promise<void> {
    for (let attempt = 1; !this.#isStopping; attempt++) {
      try {
        return await this.#consume();
      } catch (error) {
        if (attempt === MOST_ATTEMPTS) throw error;
        await sleep(RETRY_MS);
      }
    }
  }

  #fail(problem: string, cause?: unknown): void {
    if (!this.#isStopping) this.#target?.fail(this.#ended(problem, cause));
  }

  #ended(problem: string, cause?: unknown): ArchiveError {
    return new ArchiveError('ERR_SOURCE_ENDED', `${this.name} gives no more records: ${problem}`, {
      cause,
    });
  }
}

function toRecord(message: AmqpDelivery) {
  const { timestamp } = message.properties;
  return {
    payload: message.content,
    metadata: amqpMetadata(message),
    ...(typeof timestamp === 'number' && isTime(timestamp) && { time: timestamp * 1000 }),
  };
}

/** A timestamp is in seconds. Some programs give milliseconds, which no record can hold as seconds. */
function isTime(seconds: number): boolean {
  return Number.isSafeInteger(seconds * 1_000_000);
}
