import type { ExportedRecord } from '../../codec/records/exported-record.js';
import { DeliveryError } from '../../errors/delivery-error.js';
import { isError } from '../../errors/is-error.js';
import { quote } from '../../errors/show.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkFunction, checkMethods } from '../../format/option-values.js';
import { untilAborted } from '../../streams/until-aborted.js';
import { type ProducedKafkaMessage, toKafkaMessage } from '../messages/kafka-message.js';
import { Destination } from './destination.js';
import {
  DESTINATION_OPTION_NAMES,
  type DestinationOptions,
  parseDestinationOptions,
} from './destination-options.js';
import type { MessageSender, SendResult } from './message-sender.js';

/** What `toKafka` calls of a producer of KafkaJS, or of a client with the same API. */
export interface KafkaProducer {
  connect(): Promise<unknown>;
  /** Only KafkaJS has it. */
  isIdempotent?(): boolean;
  send(request: {
    readonly topic: string;
    readonly acks: number;
    messages: ProducedKafkaMessage[];
  }): Promise<unknown>;
}

/** Options of `toKafka`. */
export interface ToKafkaOptions extends DestinationOptions {
  /**
   * Your producer: partitioner, authentication and TLS are yours. It is connected, and stays
   * connected. It must not be idempotent: KafkaJS numbers its batches, and Kafka would take a batch
   * that is sent again with other partitions for the one before, and drop it.
   */
  readonly producer: KafkaProducer;
  /** The topic of all records. */
  readonly topic: string;
  /**
   * Chooses the partition of a record. @default the producer's partitioner, by the key: the same
   * partitions as before if the topic has as many
   */
  readonly partition?: ((record: ExportedRecord) => number | undefined) | undefined;
}

const TO_KAFKA_OPTION_NAMES: OptionNames<ToKafkaOptions> = {
  ...DESTINATION_OPTION_NAMES,
  producer: checkMethods('connect', 'send'),
  topic: true,
  partition: checkFunction,
};

/**
 * Produces each record to a topic. Records that were archived from Kafka become the messages that
 * they were: key, headers, value (null for a tombstone) and timestamp. Metadata of other records
 * become headers. Batches are sent one after the other, each with `acks: -1`: all replicas in sync
 * have a record before it is confirmed.
 *
 * @throws TypeError or RangeError for an invalid option
 */
export function toKafka(options: ToKafkaOptions): Destination<ProducedKafkaMessage> {
  const given = readOptions(options, TO_KAFKA_OPTION_NAMES);
  const { topic } = given;
  if (typeof topic !== 'string' || topic === '') {
    throw new TypeError(`topic is ${quote(topic)}, expected the name of a topic`);
  }
  if (given.producer.isIdempotent?.() === true) {
    throw new TypeError('producer is idempotent, expected one that is not');
  }
  return new Destination(new KafkaSender(given), parseDestinationOptions(given));
}

class KafkaSender implements MessageSender<ProducedKafkaMessage> {
  readonly #producer: KafkaProducer;
  readonly #topic: string;
  readonly #partition: ToKafkaOptions['partition'];

  constructor({ partition, producer, topic }: ToKafkaOptions) {
    this.#producer = producer;
    this.#topic = topic;
    this.#partition = partition;
  }

  async open(): Promise<void> {
    try {
      await this.#producer.connect();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  toMessage(record: ExportedRecord): ProducedKafkaMessage {
    const message = toKafkaMessage(record);
    const partition = this.#partition?.(record);
    return partition === undefined ? message : { ...message, partition };
  }

  async send(messages: readonly ProducedKafkaMessage[], signal: AbortSignal): Promise<SendResult> {
    const sending = this.#producer.send({
      ...{ topic: this.#topic, acks: ALL_REPLICAS },
      messages: [...messages],
    });
    try {
      // A producer cannot be aborted: its answer is not waited for.
      const end = await untilAborted(sending, signal);
      return { confirmed: end === 'done' ? messages.length : 0 };
    } catch (error) {
      return { confirmed: 0, failure: this.#failure(error) };
    }
  }

  async close(): Promise<void> {}

  #failure(error: unknown): DeliveryError {
    const problem = isError(error) ? error.message : String(error);
    return new DeliveryError(
      {
        target: `Kafka topic ${this.#topic}`,
        problem,
        destinationCode: codeOf(error),
        transient: isTransient(error),
      },
      { cause: error },
    );
  }
}

const ALL_REPLICAS = -1;

/** KafkaJS wraps the last error of a request that it has repeated itself in one that is final. */
function isTransient(error: unknown): boolean {
  if (!isError(error)) return false;
  if (error.name === 'KafkaJSNumberOfRetriesExceeded') return true;
  return 'retriable' in error && error.retriable === true;
}

/** The name of a protocol error, such as `MESSAGE_TOO_LARGE`, or the code of a system error. */
function codeOf(error: unknown): string | undefined {
  if (!isError(error)) return undefined;
  if ('type' in error && typeof error.type === 'string') return error.type;
  if (isError(error.cause)) return codeOf(error.cause);
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
