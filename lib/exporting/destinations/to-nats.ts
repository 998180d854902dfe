import type { ExportedRecord } from '../../codec/records/exported-record.js';
import { DeliveryError } from '../../errors/delivery-error.js';
import { isError } from '../../errors/is-error.js';
import { RecordError } from '../../errors/record-error.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkFlag, checkMethods, checkText } from '../../format/option-values.js';
import { type Duration, parseDurationMs } from '../../format/quantity.js';
import { type NatsMessage, toNatsMessage } from '../messages/nats-message.js';
import { Destination } from './destination.js';
import {
  DESTINATION_OPTION_NAMES,
  type DestinationOptions,
  parseDestinationOptions,
} from './destination-options.js';
import { type MessageSender, type SendResult, sendEach } from './message-sender.js';

/** What `toNats` calls of a connection, such as that of `@nats-io/transport-node`. */
export interface NatsPublishConnection {
  isClosed(): boolean;
  request(
    subject: string,
    payload: Uint8Array,
    options?: { timeout: number; headers?: object },
  ): Promise<{ json(): unknown }>;
}

/** Options of `toNats`. */
export interface ToNatsOptions extends DestinationOptions {
  /** Your connection: authentication and TLS are yours. It stays open. */
  readonly connection: NatsPublishConnection;
  /** The subject of all records, which a stream must take. @default that of the record */
  readonly subject?: string | undefined;
  /**
   * Gives each message an id of its record's writer and sequence (`Nats-Msg-Id`): of messages that
   * are sent again within the duplicate window of the stream, 2 minutes by default, the server
   * keeps the first. @default false
   */
  readonly deduplicate?: boolean | undefined;
  /** How long the server may take to confirm a message. @default '5s' */
  readonly timeout?: Duration | undefined;
}

const TO_NATS_OPTION_NAMES: OptionNames<ToNatsOptions> = {
  ...DESTINATION_OPTION_NAMES,
  connection: checkMethods('isClosed', 'request'),
  subject: checkText,
  deduplicate: checkFlag,
  timeout: true,
};

/**
 * Publishes each record to a stream of NATS JetStream. Records that were archived from NATS become
 * the messages that they were: subject, headers and data. Metadata of other records become headers. The
 * server confirms a message once it is stored. Needs the package `@nats-io/nats-core`, which comes
 * with every client of NATS.
 *
 * @throws TypeError or RangeError for an invalid option
 */
export function toNats(options: ToNatsOptions): Destination<AddressedMessage> {
  const given = readOptions(options, TO_NATS_OPTION_NAMES);
  return new Destination(new NatsSender(given), parseDestinationOptions(given));
}

/** A message with everything that publishing needs. */
interface AddressedMessage extends NatsMessage {
  readonly subject: string;
}

const MESSAGE_ID = 'Nats-Msg-Id';

class NatsSender implements MessageSender<AddressedMessage> {
  readonly #options: ToNatsOptions;
  readonly #timeoutMs: number;
  #createHeaders: (() => NatsHeaders) | undefined;

  constructor(options: ToNatsOptions) {
    const { timeout = '5s' } = options;
    this.#options = options;
    this.#timeoutMs = parseDurationMs(timeout, 'timeout');
  }

  async open(): Promise<void> {
    // Bundlers find no name here, because most programs do not have the package.
    const name: string = ['@nats-io', 'nats-core'].join('/');
    const core: typeof import('@nats-io/nats-core') = await import(/* webpackIgnore: true */ name);
    this.#createHeaders = core.headers;
  }

  toMessage(record: ExportedRecord): AddressedMessage {
    const message = toNatsMessage(record);
    const subject = this.#options.subject ?? checkSubject(message.subject);
    if (this.#options.deduplicate !== true) return { ...message, subject };
    const { sequence, writer } = record;
    if (writer === undefined || sequence === undefined) {
      throw new RecordError('sequence', 'is missing: deduplicate needs records of a reader');
    }
    const id = [`${writer}-${sequence}`];
    return { ...message, subject, headers: new Map([...message.headers, [MESSAGE_ID, id]]) };
  }

  send(messages: readonly AddressedMessage[], signal: AbortSignal): Promise<SendResult> {
    return sendEach(messages, signal, (message) => this.#publish(message));
  }

  async close(): Promise<void> {}

  async #publish({ data, headers, subject }: AddressedMessage): Promise<DeliveryError | undefined> {
    try {
      const encoded = headers.size === 0 ? undefined : this.#createHeaders?.();
      for (const [name, values] of headers) {
        for (const value of values) encoded?.append(name, value);
      }
      const answer = await this.#options.connection.request(subject, data, {
        timeout: this.#timeoutMs,
        ...(encoded !== undefined && { headers: encoded }),
      });
      const refusal = refusalOf(answer.json());
      if (refusal === undefined) return undefined;
      const { code, description } = refusal;
      return this.#failure(subject, description, String(code), code >= SERVER_ERROR);
    } catch (error) {
      const isLasting = this.#options.connection.isClosed() || !isTransient(error);
      return this.#failure(subject, problemOf(error), nameOf(error), !isLasting, error);
    }
  }

  #failure(
    subject: string,
    problem: string,
    destinationCode: string | undefined,
    transient: boolean,
    cause?: unknown,
  ): DeliveryError {
    const failure = { target: `NATS subject ${subject}`, problem, destinationCode, transient };
    return new DeliveryError(failure, cause === undefined ? undefined : { cause });
  }
}

/** The methods of a message's headers that are called. */
interface NatsHeaders {
  append(name: string, value: string): void;
}

/** Errors of JetStream have codes like the statuses of HTTP. */
const SERVER_ERROR = 500;

/** Subjects that begin with it are commands to the server, such as to delete a stream. */
const SYSTEM_PREFIX = '$';

/** The contents of an archive must not become a command. */
function checkSubject(subject: string | undefined): string {
  const field = 'metadata["nats.subject"]';
  if (subject === undefined) {
    throw new RecordError(field, 'is missing, and so is the option subject of toNats');
  }
  if (!subject.startsWith(SYSTEM_PREFIX)) return subject;
  throw new RecordError(field, `begins with ${SYSTEM_PREFIX}, which only the server may use`);
}

/** Why JetStream refused a message, as its answer says; undefined if it stored the message. */
function refusalOf(
  answer: unknown,
): { readonly code: number; readonly description: string } | undefined {
  const isObject = typeof answer === 'object' && answer !== null;
  if (isObject && 'error' in answer) {
    const { code, description } = Object(answer.error);
    return { code: Number(code), description: String(description) };
  }
  if (isObject && 'stream' in answer && 'seq' in answer) return undefined;
  // Some other program has answered, because no stream takes this subject.
  return { code: 0, description: 'the answer is not that of a stream' };
}

/** Errors of requests that nothing answered: the server may be starting again. */
const TRANSIENT_NAMES = ['TimeoutError', 'NoRespondersError', 'RequestError'];

function isTransient(error: unknown): boolean {
  return isError(error) && TRANSIENT_NAMES.includes(error.name) && !hasName(error.cause, 'Closed');
}

function hasName(error: unknown, begin: string): boolean {
  return isError(error) && error.name.startsWith(begin);
}

function problemOf(error: unknown): string {
  if (!isError(error)) return String(error);
  const hasNoStream = [error, error.cause].some((each) => hasName(each, 'NoResponders'));
  return hasNoStream ? 'no stream takes this subject, or JetStream is not running' : error.message;
}

function nameOf(error: unknown): string | undefined {
  return isError(error) ? error.name : undefined;
}
