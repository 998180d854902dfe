/** What Shoebox calls of KafkaJS, or of a client with the same API. */
export interface KafkaClient {
  consumer(config: KafkaConsumerConfig): KafkaConsumer;
  admin(): KafkaAdmin;
}

/** The client's own options of a consumer: `sessionTimeout`, `maxBytesPerPartition` and so on. */
export interface KafkaConsumerOptions {
  readonly [name: string]: unknown;
}

export interface KafkaConsumerConfig extends KafkaConsumerOptions {
  groupId: string;
  readUncommitted: boolean;
}

export interface KafkaConsumer {
  /** The names of events. A client without them never says that a partition has moved away. */
  readonly events?: KafkaEventNames;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  subscribe(subscription: {
    topics: (string | RegExp)[];
    fromBeginning: boolean;
  }): Promise<unknown>;
  run(config: {
    autoCommit: boolean;
    eachBatchAutoResolve: boolean;
    eachBatch: (payload: KafkaBatchPayload) => Promise<void>;
  }): Promise<unknown>;
  pause(topics: { topic: string }[]): void;
  commitOffsets(offsets: KafkaOffset[]): Promise<unknown>;
  on?(event: never, listener: (event: { payload: unknown }) => void): unknown;
}

export interface KafkaEventNames {
  readonly GROUP_JOIN: string;
  readonly COMMIT_OFFSETS: string;
  readonly CRASH: string;
}

export interface KafkaOffset {
  topic: string;
  partition: number;
  offset: string;
  metadata: string;
}

export interface KafkaBatchPayload {
  readonly batch: KafkaBatch;
  resolveOffset(offset: string): void;
  heartbeat(): Promise<unknown>;
  pause(): () => void;
  isRunning(): boolean;
  isStale(): boolean;
}

export interface KafkaBatch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly KafkaMessage[];
  /** The offset that was asked for. KafkaJS has it, though its types do not say so. */
  readonly fetchedOffset?: string;
  lastOffset(): string;
}

export interface KafkaMessage {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In ms since the epoch. */
  readonly timestamp: string;
  readonly offset: string;
  readonly headers?: KafkaHeaders | undefined;
}

export interface KafkaHeaders {
  readonly [name: string]: Buffer | string | (Buffer | string)[] | undefined;
}

export interface KafkaAdmin {
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  describeCluster(): Promise<{ readonly clusterId: string }>;
  fetchTopicOffsets(topic: string): Promise<readonly KafkaWatermarks[]>;
  fetchOffsets(request: {
    groupId: string;
    topics: string[];
  }): Promise<readonly CommittedOffsets[]>;
}

export interface KafkaWatermarks {
  readonly partition: number;
  /** The offset of the first record that is left. */
  readonly low: string;
  /** The offset after the last record. */
  readonly high: string;
}

export interface CommittedOffsets {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    /** -1 if none is committed. */
    readonly offset: string;
    readonly metadata: string | null;
  }[];
}

/** Codes after which the same request may succeed: the group or its coordinator has moved on. */
const MOVED_ON = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
]);

/** How many causes of an error are looked at. */
const MOST_CAUSES = 8;

/** Whether a request may succeed later, without any change: a broker is down, or a group moves. */
export function isPassing(error: unknown): boolean {
  let cause: unknown = error;
  for (let depth = 0; depth < MOST_CAUSES && typeof cause === 'object' && cause !== null; depth++) {
    const { name, retriable, type } = factsOf(cause);
    if (retriable === true || name === 'KafkaJSNumberOfRetriesExceeded') return true;
    if (typeof type === 'string' && MOVED_ON.has(type)) return true;
    cause = Reflect.get(cause, 'cause');
  }
  return false;
}

function factsOf(error: object) {
  const get = (name: string): unknown => Reflect.get(error, name);
  return { name: get('name'), retriable: get('retriable'), type: get('type') };
}
