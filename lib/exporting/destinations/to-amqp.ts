import type { ExportedRecord } from '../../codec/records/exported-record.js';
import { DeliveryError } from '../../errors/delivery-error.js';
import { isError } from '../../errors/is-error.js';
import { RecordError } from '../../errors/record-error.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkFlag, checkMethods, checkText } from '../../format/option-values.js';
import { type PublishedAmqpMessage, toAmqpMessage } from '../messages/amqp-message.js';
import { Destination } from './destination.js';
import {
  DESTINATION_OPTION_NAMES,
  type DestinationOptions,
  parseDestinationOptions,
} from './destination-options.js';
import { type MessageSender, type SendResult, sendEach } from './message-sender.js';

/** What `toAmqp` calls of a connection of amqplib. */
export interface AmqpConnection {
  createConfirmChannel(): Promise<AmqpConfirmChannel>;
}

/** What `toAmqp` calls of a confirm channel. */
export interface AmqpConfirmChannel {
  publish(
    exchange: string,
    routingKey: string,
    content: Buffer,
    options: object,
    callback: (error: unknown) => void,
  ): boolean;
  close(): Promise<unknown>;
  on(event: 'error' | 'close' | 'return', listener: (event?: unknown) => void): unknown;
}

/** Options of `toAmqp`. */
export interface ToAmqpOptions extends DestinationOptions {
  /** Your connection of amqplib: authentication and TLS are yours. It stays open. */
  readonly connection: AmqpConnection;
  /** The exchange; `''` sends to the queue that the routing key names. @default that of the record */
  readonly exchange?: string | undefined;
  /** The routing key. @default that of the record */
  readonly routingKey?: string | undefined;
  /**
   * Whether a message that no queue takes is a failure. Otherwise the broker confirms it and drops
   * it. @default true
   */
  readonly mandatory?: boolean | undefined;
}

const TO_AMQP_OPTION_NAMES: OptionNames<ToAmqpOptions> = {
  ...DESTINATION_OPTION_NAMES,
  connection: checkMethods('createConfirmChannel'),
  exchange: checkText,
  routingKey: checkText,
  mandatory: checkFlag,
};

/**
 * Publishes each record to an exchange of RabbitMQ, or of another broker of AMQP 0-9-1, over a
 * confirm channel of its own. Records that were archived from RabbitMQ become the messages that
 * they were: properties, headers and routing key. Metadata of other records become headers. The
 * broker confirms a message once all its queues have it, persistent ones on disk.
 *
 * @throws TypeError or RangeError for an invalid option
 */
export function toAmqp(options: ToAmqpOptions): Destination<PublishedAmqpMessage> {
  const given = readOptions(options, TO_AMQP_OPTION_NAMES);
  return new Destination(new AmqpSender(given), parseDestinationOptions(given));
}

class AmqpSender implements MessageSender<PublishedAmqpMessage> {
  readonly #options: ToAmqpOptions;
  #channel: AmqpConfirmChannel | undefined;
  /** Why the channel has ended. */
  #fault: DeliveryError | undefined;
  /** Takes a message that no queue has taken. */
  #onReturned: (problem: string) => void = () => {};

  constructor(options: ToAmqpOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    try {
      this.#channel = await this.#options.connection.createConfirmChannel();
    } catch (error) {
      throw this.#failure(messageOf(error), { isTransient: false, cause: error });
    }
    // A channel has ended for good. Its connection, too, if that was the cause.
    this.#channel.on('error', (error) => {
      this.#fault ??= this.#failure(messageOf(error), { isTransient: false, cause: error });
    });
    this.#channel.on('close', () => {
      this.#fault ??= this.#failure('the channel was closed', { isTransient: false });
    });
    this.#channel.on('return', (message) => this.#onReturned(describeReturned(message)));
  }

  toMessage(record: ExportedRecord): PublishedAmqpMessage {
    const message = toAmqpMessage(record);
    const { exchange = message.exchange, routingKey = message.routingKey } = this.#options;
    if (exchange !== undefined && routingKey !== undefined) {
      return { ...message, exchange, routingKey };
    }
    const missing = exchange === undefined ? 'exchange' : 'routingKey';
    throw new RecordError(
      `metadata["amqp.${missing}"]`,
      `is missing, and so is the option ${missing} of toAmqp`,
    );
  }

  async send(messages: readonly PublishedAmqpMessage[], signal: AbortSignal): Promise<SendResult> {
    let returned: SendResult | undefined;
    const confirmed = messages.map(() => false);
    this.#onReturned = (problem) => {
      // The broker returns a message before it confirms it.
      const before = confirmed.indexOf(false);
      returned ??= {
        confirmed: before === -1 ? confirmed.length : before,
        failure: this.#failure(problem, { isTransient: false, code: 'NO_ROUTE' }),
      };
    };
    let sent = 0;
    const result = await sendEach(messages, signal, async (message) => {
      const at = sent++;
      const failure = await this.#publish(message);
      confirmed[at] = failure === undefined;
      return failure;
    });
    return returned ?? result;
  }

  async close(): Promise<void> {
    // `close` rejects if the channel has ended.
    if (this.#fault === undefined) await this.#channel?.close().catch(() => undefined);
  }

  #publish({
    content,
    exchange = '',
    properties,
    routingKey = '',
  }: PublishedAmqpMessage): Promise<DeliveryError | undefined> {
    return new Promise((resolve) => {
      if (this.#fault !== undefined || this.#channel === undefined) return resolve(this.#fault);
      const { mandatory = true } = this.#options;
      const settle = (error: unknown, isTransient: boolean) => {
        // A channel that has ended is the cause of whatever fails.
        resolve(this.#fault ?? this.#failure(messageOf(error), { isTransient, cause: error }));
      };
      try {
        const options = { ...properties, mandatory };
        this.#channel.publish(exchange, routingKey, content, options, (error) => {
          if (error === null || error === undefined) resolve(undefined);
          else settle(error, true);
        });
      } catch (error) {
        settle(error, false);
      }
    });
  }

  #failure(
    problem: string,
    { cause, code, isTransient }: { cause?: unknown; code?: string; isTransient: boolean },
  ): DeliveryError {
    const { exchange } = this.#options;
    const failure = {
      target: `AMQP exchange ${exchange === undefined ? 'of each record' : `"${exchange}"`}`,
      ...{ problem, destinationCode: code ?? codeOf(cause), transient: isTransient },
    };
    return new DeliveryError(failure, cause === undefined ? undefined : { cause });
  }
}

function describeReturned(message: unknown): string {
  const fields: unknown = isObject(message) ? Reflect.get(message, 'fields') : undefined;
  const routingKey: unknown = isObject(fields) ? Reflect.get(fields, 'routingKey') : undefined;
  return `no queue takes messages with the routing key "${String(routingKey)}"`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}

/** The reply code of AMQP, such as 404, or the code of a system error. */
function codeOf(error: unknown): string | undefined {
  const code: unknown = isError(error) && 'code' in error ? error.code : undefined;
  return typeof code === 'string' || typeof code === 'number' ? String(code) : undefined;
}
