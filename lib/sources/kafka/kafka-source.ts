import { hostname } from 'node:os';

import { ArchiveError } from '../../errors/archive-error.js';
import { asError } from '../../errors/as-error.js';
import { quote } from '../../errors/show.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkMethods, checkText, checkWholeNumber } from '../../format/option-values.js';
import { type Duration, parseDurationMs } from '../../format/quantity.js';
import { systemClock } from '../../streams/clock.js';
import {
  RecordSource,
  type SafePosition,
  type SourceSeries,
  type SourceTarget,
} from '../contract/record-source.js';
import {
  isPassing,
  type KafkaAdmin,
  type KafkaBatchPayload,
  type KafkaClient,
  type KafkaConsumer,
  type KafkaConsumerOptions,
} from './kafka-client.js';
import { KafkaPartition } from './kafka-partition.js';
import { OffsetCommitter } from './offset-committer.js';
import { commitMetadata, ResumePoints } from './resume-points.js';

/** Options of `createKafkaSource`. */
export interface KafkaSourceOptions {
  /**
   * Your client: `new Kafka({ brokers })` of KafkaJS 2.2, or one with the same API. Authentication,
   * TLS and its own retries are yours.
   */
  readonly kafka: KafkaClient;
  /** The consumer group, which spreads partitions over all archivers with this id. */
  readonly groupId: string;
  /** A topic, a RegExp of topics, or a list of both. */
  readonly topics: string | RegExp | readonly (string | RegExp)[];
  /**
   * A number that you change when a topic was deleted and created again under its name: its offsets
   * begin again, so its records need another writer id. For all topics, or by topic. @default 1
   */
  readonly incarnation?: number | Readonly<Record<string, number>> | undefined;
  /**
   * Options that the client's own `consumer()` gets, such as `sessionTimeout`, `maxBytes` or
   * `metadataMaxAge` (how soon added partitions are found). @default the client's
   */
  readonly consumer?: KafkaConsumerOptions | undefined;
  /**
   * Names the disk on which this archiver's records wait to be shipped. It is stored with each
   * committed offset: an archiver that does not see what was committed then says who has it. Archivers
   * on one machine with directories of their own need names of their own. @default the host's name
   */
  readonly holder?: string | undefined;
  /** How long safe positions are collected before they are committed. @default '1s' */
  readonly commitInterval?: Duration | undefined;
}

const KAFKA_SOURCE_OPTION_NAMES: OptionNames<KafkaSourceOptions> = {
  kafka: checkMethods('consumer', 'admin'),
  groupId: checkText,
  topics: true,
  incarnation: true,
  consumer: true,
  holder: checkText,
  commitInterval: true,
};

/**
 * Creates a source for `archiveFrom` that consumes Kafka topics as a member of a group. Each
 * partition is a series with the path `TOPIC/PARTITION`. A record's sequence is its offset, and its
 * writer id is made from the cluster's id, topic, partition and `incarnation`: records that come
 * twice, to whichever archiver, are one record to every reader. Only committed records of
 * transactions are read.
 *
 * @throws TypeError or RangeError for an invalid option
 */
export function createKafkaSource(options: KafkaSourceOptions): RecordSource {
  return new KafkaSource(options);
}

class KafkaSource extends RecordSource {
  readonly name: string;
  readonly acknowledgeIntervalMs: number;
  readonly #topics: (string | RegExp)[];
  readonly #incarnationOf: (topic: string) => number;
  readonly #consumer: KafkaConsumer;
  readonly #admin: KafkaAdmin;
  readonly #committer: OffsetCommitter;
  readonly #resumePoints: ResumePoints;
  readonly #holder: string;
  /** The partitions of the current assignment, by their paths. */
  readonly #partitions = new Map<string, KafkaPartition>();
  /** Batches that are being taken. */
  readonly #taking = new Set<Promise<void>>();
  #target: SourceTarget | undefined;
  #clusterId = '';
  #isStopping = false;

  constructor(given: KafkaSourceOptions) {
    super();
    const options = readOptions(given, KAFKA_SOURCE_OPTION_NAMES);
    const { commitInterval = '1s', consumer = {}, groupId, kafka } = options;
    const { holder = hostname(), incarnation = 1 } = options;
    this.name = `kafka group ${groupId}`;
    this.acknowledgeIntervalMs = parseDurationMs(commitInterval, 'commitInterval');
    this.#topics = parseTopics(options.topics);
    this.#incarnationOf = parseIncarnation(incarnation);
    this.#consumer = kafka.consumer({ ...consumer, groupId, readUncommitted: false });
    this.#admin = kafka.admin();
    this.#resumePoints = new ResumePoints(this.#admin, groupId);
    this.#holder = holder;
    const metadata = commitMetadata(holder);
    this.#committer = new OffsetCommitter(this.#consumer, metadata, (error) => this.#fail(error));
  }

  async start(target: SourceTarget): Promise<void> {
    this.#target = target;
    try {
      await this.#start();
    } catch (error) {
      throw this.#ended(error);
    }
  }

  async #start(): Promise<void> {
    this.#listen();
    await this.#admin.connect();
    this.#clusterId = (await this.#admin.describeCluster()).clusterId;
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: this.#topics, fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.#takeBatch(payload),
    });
  }

  async acknowledge(positions: readonly SafePosition[]): Promise<void> {
    const offsets = positions.flatMap(({ position, series }) => {
      const found = this.#partitions.get(series.path);
      if (found === undefined) return [];
      const { partition, topic } = found;
      return [{ key: series.path, topic, partition, offset: position + 1 }];
    });
    await this.#committer.commit(offsets);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const partition of this.#partitions.values()) partition.stop();
    // It stays a member, so that what gets safe can still be committed.
    const topics = new Set([...this.#partitions.values()].map(({ topic }) => topic));
    if (topics.size > 0) this.#consumer.pause(Array.from(topics, (topic) => ({ topic })));
    await Promise.allSettled(this.#taking);
  }

  async close(): Promise<void> {
    try {
      await this.#committer.finish();
    } finally {
      await Promise.allSettled([this.#consumer.disconnect(), this.#admin.disconnect()]);
    }
  }

  #listen(): void {
    const { events } = this.#consumer;
    if (events === undefined) return;
    this.#on(events.GROUP_JOIN, (payload) => this.#assign(assignmentOf(payload)));
    this.#on(events.COMMIT_OFFSETS, (payload) => {
      for (const { offset, path } of committedIn(payload)) this.#committer.confirm(path, offset);
    });
    this.#on(events.CRASH, (payload) => {
      // Otherwise the client restarts the consumer.
      if (Reflect.get(payload, 'restart') !== true) this.#fail(Reflect.get(payload, 'error'));
    });
  }

  #on(event: string, listener: (payload: object) => void): void {
    // The name is one of those that the consumer itself gave.
    this.#consumer.on?.(event as never, ({ payload }) => {
      if (typeof payload === 'object' && payload !== null) listener(payload);
    });
  }

  #fail(error: unknown): void {
    this.#target?.fail(asError(this.#ended(error)));
  }

  /** The client's own errors name no topic: "This server does not host this topic-partition". */
  #ended(error: unknown): unknown {
    if (error instanceof ArchiveError || error instanceof TypeError) return error;
    const topics = this.#topics.map(String).join(', ');
    const problem = `${this.name} gives no more records of ${topics}: ${asError(error).message}`;
    return new ArchiveError('ERR_SOURCE_ENDED', problem, { cause: error });
  }

  /** The group has assigned these partitions to this process. */
  #assign(assigned: readonly TopicPartition[]): void {
    const paths = new Set(assigned.map(pathOf));
    for (const [path, partition] of this.#partitions) {
      if (paths.has(path)) {
        partition.rejoin();
        continue;
      }
      partition.release();
      this.#partitions.delete(path);
      this.#committer.forget(path);
    }
    if (this.#isStopping) {
      this.#consumer.pause(assigned.map(({ topic }) => ({ topic })));
    } else {
      const added = assigned.filter((one) => !this.#partitions.has(pathOf(one)));
      void this.#open(added.map((one) => this.#add(one)));
    }
    this.#committer.tryAgain();
  }

  #add({ partition, topic }: TopicPartition): KafkaPartition {
    const path = pathOf({ topic, partition });
    const added = new KafkaPartition({
      ...{ topic, partition, holder: this.#holder },
      series: this.#seriesOf(topic, path, partition),
      readLowWatermark: async () => (await this.#resumePoints.read(topic, partition))?.low ?? 0,
      onLost: (lost) => this.reportLost(lost),
    });
    this.#partitions.set(path, added);
    return added;
  }

  #seriesOf(topic: string, path: string, partition: number): SourceSeries {
    const incarnation = this.#incarnationOf(topic);
    const writerId = `kafka ${this.#clusterId} ${topic}/${partition} ${incarnation}`;
    return { path, options: { writerId, sequences: 'given', createDirectory: true } };
  }

  /** Opens partitions, a few at the same time: each looks at the ends of some archives. */
  async #open(added: readonly KafkaPartition[]): Promise<void> {
    const waiting = [...added];
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await this.#openOne(next);
      }
    };
    await Promise.all(Array.from({ length: MOST_OPENING }, work));
  }

  async #openOne(partition: KafkaPartition): Promise<void> {
    const target = this.#target;
    while (partition.isOpening && target !== undefined) {
      try {
        const resume = await this.#resumePoints.read(partition.topic, partition.partition);
        // A topic that was deleted has no watermarks; the group will be assigned others.
        if (resume === undefined) return;
        await partition.open(target, resume);
      } catch (error) {
        if (!isPassing(error)) return this.#fail(error);
        await new Promise<void>((resolve) => systemClock.setTimer(resolve, RETRY_MS));
      }
    }
  }

  async #takeBatch(payload: KafkaBatchPayload): Promise<void> {
    if (this.#isStopping) {
      payload.pause();
      return;
    }
    const { partition, topic } = payload.batch;
    const path = pathOf({ topic, partition });
    let found = this.#partitions.get(path);
    if (found === undefined) {
      // Only a client without events has batches of partitions that were not assigned.
      if (this.#consumer.events !== undefined) return;
      found = this.#add({ topic, partition });
      void this.#open([found]);
    }
    const taking = found.take(payload);
    this.#taking.add(taking);
    try {
      await taking;
    } catch (error) {
      // Everything else is the client's, which joins the group again, or restarts.
      if (!(error instanceof ArchiveError)) throw error;
      payload.pause();
      this.#fail(error);
    } finally {
      this.#taking.delete(taking);
    }
  }
}

interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** How many partitions are opened at the same time. */
const MOST_OPENING = 4;

/** How long after a failed request to a broker the next one is tried. */
const RETRY_MS = 500;

/** Names of topics as Kafka permits them: none leaves a directory. */
const TOPIC = /^(?!\.{1,2}$)[\w.-]{1,249}$/;

/** @throws RangeError for a topic that Kafka itself would not permit */
function pathOf({ partition, topic }: TopicPartition): string {
  if (TOPIC.test(topic)) return `${topic}/${partition}`;
  throw new RangeError(`the broker has a topic ${quote(topic)}, which is no name of a topic`);
}

function parseTopics(topics: KafkaSourceOptions['topics']): (string | RegExp)[] {
  const list: readonly unknown[] = Array.isArray(topics) ? topics : [topics];
  return list.map((topic) => {
    if (topic instanceof RegExp) return topic;
    if (typeof topic === 'string' && TOPIC.test(topic)) return topic;
    throw new TypeError(`topics has ${quote(topic)}, expected the name of a topic or a RegExp`);
  });
}

function parseIncarnation(
  incarnation: NonNullable<KafkaSourceOptions['incarnation']>,
): (topic: string) => number {
  if (typeof incarnation === 'number') {
    checkIncarnation('incarnation', incarnation);
    return () => incarnation;
  }
  const byTopic = new Map(Object.entries(incarnation));
  for (const [topic, number] of byTopic) checkIncarnation(`incarnation.${topic}`, number);
  return (topic) => byTopic.get(topic) ?? 1;
}

function checkIncarnation(name: string, value: unknown): void {
  checkWholeNumber(name, value, 1, Number.MAX_SAFE_INTEGER);
}

/** The partitions in the event of a group that was joined. */
function assignmentOf(payload: object): TopicPartition[] {
  const assignment: unknown = Reflect.get(payload, 'memberAssignment');
  if (typeof assignment !== 'object' || assignment === null) return [];
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    Array.from(listOf(partitions), (partition) => ({ topic, partition: Number(partition) })),
  );
}

/** The offsets in the event of a commit. */
function committedIn(payload: object): { readonly path: string; readonly offset: string }[] {
  return listOf(Reflect.get(payload, 'topics')).flatMap((topics) => {
    const { partitions, topic } = Object(topics);
    return listOf(partitions).map((one) => {
      const { offset, partition } = Object(one);
      return { path: `${topic}/${partition}`, offset: String(offset) };
    });
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
