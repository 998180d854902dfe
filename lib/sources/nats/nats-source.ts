import type { ConsumerInfo, ConsumerMessages, JsMsg, StreamInfo } from '@nats-io/jetstream';

import { ArchiveError } from '../../errors/archive-error.js';
import { asError } from '../../errors/as-error.js';
import { show } from '../../errors/show.js';
import { SourceDivergedError } from '../../errors/source-diverged-error.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkMethods, checkWholeNumber } from '../../format/option-values.js';
import { monotonicMs, sleep, timers } from '../../format/timers.js';
import type { ArchivedAt } from '../../writing/sequences/find-archived-record.js';
import {
  RecordSource,
  type SafePosition,
  type SeriesIntake,
  type SourceTarget,
} from '../contract/record-source.js';
import { seriesPath } from '../contract/series-path.js';
import { findConsumer } from './find-consumer.js';
import {
  isConnectionTrouble,
  isNotFound,
  type NatsClient,
  type NatsSourceConnection,
  openJetStream,
} from './nats-client.js';
import { areSame, type NatsRecord, recordOfDelivered, recordOfStored } from './nats-record.js';
import { readRawRecord } from './raw-message.js';
import { ReplySubjects, replySubject, replySubjectOf } from './reply-subjects.js';
import { readStored } from './stored-messages.js';

/** Options of `createNatsSource`. */
export interface NatsSourceOptions {
  /** Your connection: authentication, TLS and reconnection are yours. It stays open. */
  readonly connection: NatsSourceConnection;
  /** The stream of JetStream. */
  readonly stream: string;
  /**
   * The durable pull consumer, with the ack policy `all`. It is created if there is none. Its
   * filter selects messages; its position is how far they are safe.
   */
  readonly consumer: string;
  /**
   * Part of the writer's id: another number starts a new series of sequences. For a stream that was
   * restored from a backup, and now gives other messages the same sequences. @default 1
   */
  readonly incarnation?: number | undefined;
}

const NATS_SOURCE_OPTION_NAMES: OptionNames<NatsSourceOptions> = {
  connection: checkMethods('isClosed', 'closed', 'request'),
  stream: true,
  consumer: true,
  incarnation: true,
};

/**
 * The messages of a stream of NATS JetStream, for `archiveFrom`: a record's sequence is that of the
 * stream, and the writer's id comes from the stream's name and the time at which it was created. So
 * a message that is archived twice, after a crash or by two processes, is read once. Metadata are
 * subject and headers (docs/brokers.md). Needs the package `@nats-io/jetstream`.
 *
 * @throws TypeError or RangeError for an invalid option
 */
export function createNatsSource(options: NatsSourceOptions): RecordSource {
  const given = readOptions(options, NATS_SOURCE_OPTION_NAMES);
  const { consumer, incarnation = 1, stream } = given;
  for (const [name, value] of Object.entries({ stream, consumer })) {
    if (typeof value === 'string' && value !== '') continue;
    throw new TypeError(`${name} is ${show(value)}, expected the name of a ${name}`);
  }
  checkWholeNumber('incarnation', incarnation, 1, Number.MAX_SAFE_INTEGER);
  return new NatsSource(given, incarnation);
}

/** Acknowledgements are collected for so long. */
const ACKNOWLEDGE_INTERVAL_MS = 1000;

/** How long the server may take to confirm an acknowledgement. */
const ACKNOWLEDGE_TIMEOUT_MS = 5000;

/** The delay before something is tried again because the server was away. */
const RETRY_MS = 500;

/** At the end, an acknowledgement is tried so often: without it, messages come again. */
const MOST_LAST_ATTEMPTS = 3;

/** How often a consuming that gives nothing is compared with what the consumer has. */
const WATCH_MS = 3000;

/** So many messages wait in memory. */
const MESSAGES_AHEAD = 1000;

/** A stream or a consumer that is missing for so long is gone. */
const MOST_MISSING_MS = 2000;

const ACK = Buffer.from('+ACK');

class NatsSource extends RecordSource {
  readonly name: string;
  readonly acknowledgeIntervalMs = ACKNOWLEDGE_INTERVAL_MS;
  readonly #options: NatsSourceOptions;
  readonly #incarnation: number;
  readonly #replies = new ReplySubjects();
  #messages: ConsumerMessages | undefined;
  #running: Promise<void> | undefined;
  #isStopping = false;
  /** The sequence of the last message that was taken. */
  #last = 0;
  /** The consumer's own number of the message that comes next. */
  #nextDelivery = 0;
  #isLooking = false;

  constructor(options: NatsSourceOptions, incarnation: number) {
    super();
    this.name = `NATS stream ${options.stream}`;
    this.#options = options;
    this.#incarnation = incarnation;
  }

  async start(target: SourceTarget): Promise<void> {
    try {
      await this.#start(target);
    } catch (error) {
      throw this.#ended(error);
    }
  }

  async #start(target: SourceTarget): Promise<void> {
    const { connection, consumer, stream } = this.#options;
    const client = await this.#whileAway(() => openJetStream(connection));
    const { managing } = client;
    const streamInfo = await this.#whileAway(() => managing.streams.info(stream));
    const found = await this.#whileAway(() => findConsumer(managing, stream, consumer));
    const writerId = `nats ${stream} ${streamInfo.created} ${this.#incarnation}`;
    const intake = await target.open({
      path: seriesPath(stream),
      options: { writerId, sequences: 'given', createDirectory: true },
    });
    this.#running = this.#run(client, intake, streamInfo, found).catch((error) => {
      if (!this.#isStopping) target.fail(this.#ended(error));
    });
  }

  async acknowledge(positions: readonly SafePosition[]): Promise<void> {
    const reply = this.#replies.take(positions.at(-1)?.position ?? 0);
    if (reply === undefined) return;
    for (let attempts = 0; !this.#options.connection.isClosed(); attempts++) {
      if (this.#isStopping && attempts >= MOST_LAST_ATTEMPTS) return;
      try {
        await this.#options.connection.request(reply, ACK, { timeout: ACKNOWLEDGE_TIMEOUT_MS });
        return;
      } catch {
        // The server is away. Messages without an acknowledgement come again, and are read once.
        await sleep(RETRY_MS);
      }
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#messages?.stop();
    await this.#running;
  }

  async close(): Promise<void> {}

  async #run(
    client: NatsClient,
    intake: SeriesIntake,
    stream: StreamInfo,
    consumer: ConsumerInfo,
  ): Promise<void> {
    await this.#catchUp(client, intake, stream, consumer);
    let missingSinceMs: number | undefined;
    while (!this.#isStopping) {
      try {
        await this.#consume(client, intake, consumer);
        missingSinceMs = undefined;
      } catch (error) {
        if (this.#isStopping) return;
        const nowMs = monotonicMs();
        missingSinceMs = isNotFound(error) ? (missingSinceMs ?? nowMs) : undefined;
        if (nowMs - (missingSinceMs ?? nowMs) > MOST_MISSING_MS) throw error;
        if (!isNotFound(error) && !isConnectionTrouble(error)) throw error;
      }
      await this.#pause();
    }
  }

  /**
   * Reads what the consumer has delivered to an earlier process that did not acknowledge it. The
   * consumer itself would give it only after its `ack_wait`, after later messages, and to
   * acknowledge those would acknowledge it unread. Also reads again what is acknowledged and no
   * longer archived, as far as the stream still has it.
   */
  async #catchUp(
    client: NatsClient,
    intake: SeriesIntake,
    { state }: StreamInfo,
    { ack_floor: floor, config, delivered }: ConsumerInfo,
  ): Promise<void> {
    const begin = floor.stream_seq + 1;
    const archived = await intake.findArchived(begin);
    let end = archived?.end;
    const expected = Math.max(begin, state.first_seq);
    if (end !== undefined && end < expected) {
      // A search among the latest archives does not show that something is archived nowhere.
      end = (await intake.findArchived(expected, { among: 'all' }))?.end ?? expected;
    }
    await this.#compare(client, begin, archived);
    const from = Math.min(begin, end ?? begin);
    // The server moves the consumer past what has expired. A new one is expected to find nothing.
    const isContinued = floor.stream_seq > 0 || end !== undefined;
    if (isContinued) this.#lose(end ?? begin, state.first_seq);
    this.#last = Math.max(from, state.first_seq) - 1;
    const to = delivered.stream_seq;
    await this.#takeStored(client, intake, config, to);
    this.#last = Math.max(this.#last, to);
    this.#nextDelivery = delivered.consumer_seq + 1;
    const { consumer, stream } = this.#options;
    const isPending = delivered.consumer_seq > floor.consumer_seq;
    const reply = replySubject(stream, consumer, to, delivered.consumer_seq);
    if (isPending) this.#replies.add(to, reply);
  }

  async #consume(client: NatsClient, intake: SeriesIntake, info: ConsumerInfo): Promise<void> {
    const { consumer: name, stream } = this.#options;
    const consumer = await client.consuming.consumers.get(stream, name);
    if (this.#isStopping) return;
    const messages = await consumer.consume({
      max_messages: MESSAGES_AHEAD,
      abort_on_missing_resource: true,
    });
    this.#messages = messages;
    let received = 0;
    let isBusy = false;
    const watch = this.#watch(client, messages, () => (isBusy ? undefined : received));
    try {
      for await (const message of messages) {
        if (this.#isStopping) return;
        isBusy = true;
        await this.#receive(client, intake, info, message);
        isBusy = false;
        received++;
      }
    } finally {
      timers.clearInterval(watch);
    }
  }

  /**
   * Ends a consuming that gives nothing although the consumer has messages, so that it begins again:
   * after several restarts of the server, the client may not ask for more.
   *
   * @param countReceived undefined while a message is being taken
   */
  #watch(
    { managing }: NatsClient,
    messages: ConsumerMessages,
    countReceived: () => number | undefined,
  ): NodeJS.Timeout {
    const { consumer, stream } = this.#options;
    let before: number | undefined;
    return timers.setInterval(() => {
      const received = countReceived();
      const isIdle = received !== undefined && received === before;
      before = received;
      if (!isIdle) return;
      managing.consumers.info(stream, consumer).then(
        ({ delivered, num_pending }) => {
          const isBehind = num_pending > 0 || delivered.stream_seq > this.#last;
          if (isBehind && countReceived() === received) messages.stop();
        },
        // The server is away.
        () => undefined,
      );
    }, WATCH_MS);
  }

  async #receive(
    client: NatsClient,
    intake: SeriesIntake,
    { config }: ConsumerInfo,
    message: JsMsg,
  ): Promise<void> {
    const { deliverySequence, streamSequence: seq } = message.info;
    const isNext = deliverySequence === this.#nextDelivery;
    this.#nextDelivery = deliverySequence + 1;
    // It was delivered again, because it is not acknowledged yet.
    if (seq <= this.#last) return;
    if (seq > this.#last + 1) {
      // Deliveries are missing: they were lost with a connection, or went to another process.
      if (!isNext) await this.#takeStored(client, intake, config, seq - 1);
      else this.#lookForExpired(client, this.#last + 1, seq);
    }
    await this.#take(intake, seq, recordOfDelivered(message) ?? (await this.#readRaw(seq)));
    this.#replies.add(seq, replySubjectOf(message, this.#options.consumer));
  }

  /** Takes what the stream holds after the last message taken, up to a sequence. */
  async #takeStored(
    { managing }: NatsClient,
    intake: SeriesIntake,
    config: ConsumerInfo['config'],
    to: number,
  ): Promise<void> {
    const { stream } = this.#options;
    await this.#whileAway(async () => {
      const range = { stream, config, from: this.#last + 1, to };
      for await (const stored of readStored(managing, range)) {
        if (this.#isStopping) return;
        const { seq } = stored;
        await this.#take(intake, seq, recordOfStored(stored) ?? (await this.#readRaw(seq)));
      }
    });
  }

  async #readRaw(seq: number): Promise<NatsRecord> {
    const { connection, stream } = this.#options;
    return await this.#whileAway(() => readRawRecord(connection, stream, seq));
  }

  async #take(intake: SeriesIntake, seq: number, record: NatsRecord): Promise<void> {
    const hasRoom = intake.take(seq, record);
    this.#last = seq;
    if (!hasRoom) await intake.ready();
  }

  /** Finds out whether messages expired before they were delivered. Messages may also have been deleted. */
  #lookForExpired({ managing }: NatsClient, from: number, to: number): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    managing.streams
      .info(this.#options.stream)
      .then(({ state }) => this.#lose(from, Math.min(state.first_seq, to)))
      // The server is away; what comes next is more urgent.
      .catch(() => undefined)
      .finally(() => {
        this.#isLooking = false;
      });
  }

  #lose(from: number, to: number): void {
    if (from >= to) return;
    this.reportLost({ series: seriesPath(this.#options.stream), from, to, reason: 'expired' });
  }

  /** Repeats a request that fails because the server is away, until the source is stopped. */
  async #whileAway<Result>(request: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await request();
      } catch (error) {
        if (this.#isStopping || !isConnectionTrouble(error)) throw error;
        await this.#pause();
      }
    }
  }

  async #pause(): Promise<void> {
    const { connection } = this.#options;
    if (connection.isClosed()) throw new Error('the connection is closed');
    if (!this.#isStopping) await sleep(RETRY_MS);
  }

  /** @throws SourceDivergedError if the stream has not what is archived */
  async #compare(
    { managing }: NatsClient,
    position: number,
    archived: ArchivedAt | undefined,
  ): Promise<void> {
    const { stream } = this.#options;
    const series = { series: seriesPath(stream), kind: 'stream' } as const;
    const archivedEnd = archived?.end ?? 0;
    // Only now: another process may have archived what came meanwhile.
    const { state } = await this.#whileAway(() => managing.streams.info(stream));
    const end = state.last_seq + 1;
    if (archivedEnd > end) {
      const facts = { archived: undefined, received: undefined, end };
      throw new SourceDivergedError({ ...series, position: archivedEnd - 1, ...facts });
    }
    const record = archived?.record;
    if (record === undefined) return;
    const stored = await this.#whileAway(() =>
      managing.streams.getMessage(stream, { seq: position }),
    );
    if (stored === null) return;
    const received = recordOfStored(stored) ?? (await this.#readRaw(stored.seq));
    if (areSame(record, received)) return;
    throw new SourceDivergedError({ ...series, position, archived: record, received });
  }

  #ended(error: unknown): unknown {
    if (error instanceof ArchiveError || error instanceof TypeError) return error;
    const problem = `${this.name} gives no more records: ${asError(error).message}`;
    return new ArchiveError('ERR_SOURCE_ENDED', problem, { cause: error });
  }
}
