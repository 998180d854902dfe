import type { ExportedRecord } from '../../codec/records/exported-record.js';
import { BASE64, bytesOfMetadata } from './metadata-text.js';

const EXCHANGE = 'amqp.exchange';
const ROUTING_KEY = 'amqp.routingKey';
const PROPERTY_PREFIX = 'amqp.property.';
const HEADER_PREFIX = 'amqp.header.';

/** Begins the metadata value of a header that is not a text: the rest is JSON. */
const JSON_PREFIX = 'json:';

/** The properties of a message that are text (AMQP 0-9-1, section 4.2.6.1), by amqplib's names. */
const TEXT_PROPERTIES = [
  ...['contentType', 'contentEncoding', 'correlationId', 'replyTo', 'expiration'],
  ...['messageId', 'type', 'userId', 'appId'],
] as const;

/** The properties that are numbers. `timestamp` is in seconds. */
const NUMBER_PROPERTIES = ['deliveryMode', 'priority', 'timestamp'] as const;

type PropertyName = (typeof TEXT_PROPERTIES)[number] | (typeof NUMBER_PROPERTIES)[number];

/** What Shoebox archives of a message, as amqplib gives it. */
export interface ConsumedAmqpMessage {
  readonly fields: { readonly exchange: string; readonly routingKey: string };
  readonly properties: Readonly<Partial<Record<PropertyName | 'headers', unknown>>>;
}

/** A message as amqplib publishes it. */
export interface PublishedAmqpMessage {
  /** Undefined for a record that no message was archived as. */
  readonly exchange: string | undefined;
  readonly routingKey: string | undefined;
  readonly content: Buffer;
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * The metadata of a message: `amqp.exchange`, `amqp.routingKey`, `amqp.property.NAME` and
 * `amqp.header.NAME`. A header that is not a text is `json:` and its JSON, bytes are `base64:`.
 */
export function amqpMetadata({ fields, properties }: ConsumedAmqpMessage): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  metadata[EXCHANGE] = fields.exchange;
  metadata[ROUTING_KEY] = fields.routingKey;
  for (const name of [...TEXT_PROPERTIES, ...NUMBER_PROPERTIES]) {
    const value = properties[name];
    if (value !== undefined && value !== null) metadata[PROPERTY_PREFIX + name] = String(value);
  }
  for (const [name, value] of Object.entries(properties.headers ?? {})) {
    metadata[HEADER_PREFIX + name] = toHeaderText(value);
  }
  return metadata;
}

/**
 * The message for a record. One that was archived from RabbitMQ becomes the message that it was, but
 * for `userId`, which must be the connection's own user: it becomes a header, as all other metadata
 * do. The headers CC and BCC are written as `%43C` and `%42CC`, because the broker would send copies.
 * Messages for other records are persistent, and their timestamp is the record's time, in s.
 */
export function toAmqpMessage({
  metadata,
  payload,
  timeMicros,
}: Pick<ExportedRecord, 'metadata' | 'payload' | 'timeMicros'>): PublishedAmqpMessage {
  const properties: Record<string, unknown> = {};
  if (metadata[ROUTING_KEY] === undefined) {
    properties.deliveryMode = PERSISTENT;
    if (timeMicros !== undefined) properties.timestamp = Math.floor(timeMicros / 1e6);
  }
  const headers: Record<string, unknown> = {};
  const others: [name: string, value: string][] = [];
  for (const [key, value] of Object.entries(metadata)) {
    const property = propertyOf(key);
    if (key === EXCHANGE || key === ROUTING_KEY) continue;
    if (property !== undefined) properties[property] = toProperty(property, value);
    else if (key.startsWith(HEADER_PREFIX)) {
      define(headers, key.slice(HEADER_PREFIX.length), toHeader(value));
    } else others.push([key, value]);
  }
  for (const [name, value] of others) {
    if (!Object.hasOwn(headers, name)) define(headers, name, value);
  }
  return {
    exchange: metadata[EXCHANGE],
    routingKey: metadata[ROUTING_KEY],
    content: payload,
    properties: { ...properties, headers },
  };
}

/** The `deliveryMode` of a message that survives a restart of the broker. */
const PERSISTENT = 2;

/** The broker sends copies to the queues that these headers name. */
const COPIES: Readonly<Record<string, string>> = { CC: '%43C', BCC: '%42CC' };

/** An assignment to `__proto__` would change the prototype. */
function define(headers: Record<string, unknown>, name: string, value: unknown): void {
  const key = Object.hasOwn(COPIES, name) ? (COPIES[name] ?? name) : name;
  Object.defineProperty(headers, key, { value, enumerable: true });
}

/** The property for which a metadata key stands, if the broker lets any client set it. */
function propertyOf(key: string): PropertyName | undefined {
  if (!key.startsWith(PROPERTY_PREFIX)) return undefined;
  const name = key.slice(PROPERTY_PREFIX.length);
  const names: readonly PropertyName[] = [...TEXT_PROPERTIES, ...NUMBER_PROPERTIES];
  return names.find((candidate) => candidate === name && candidate !== 'userId');
}

function toProperty(property: PropertyName, value: string): string | number {
  return NUMBER_PROPERTIES.some((name) => name === property) ? Number(value) : value;
}

function toHeaderText(value: unknown): string {
  if (Buffer.isBuffer(value)) return `${BASE64}${value.toString('base64')}`;
  if (typeof value !== 'string') return JSON_PREFIX + JSON.stringify(value);
  const isTaken = value.startsWith(JSON_PREFIX) || value.startsWith(BASE64);
  return isTaken ? JSON_PREFIX + JSON.stringify(value) : value;
}

function toHeader(text: string): unknown {
  if (text.startsWith(BASE64)) return bytesOfMetadata(text);
  if (!text.startsWith(JSON_PREFIX)) return text;
  try {
    return JSON.parse(text.slice(JSON_PREFIX.length), reviveBytes);
  } catch {
    // Text of another program that only looks like ours.
    return text;
  }
}

/** `JSON.stringify` writes a Buffer as `{ type: 'Buffer', data: […] }`. */
function reviveBytes(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('type' in value)) return value;
  if (value.type !== 'Buffer' || !('data' in value) || !Array.isArray(value.data)) return value;
  return Buffer.from(value.data);
}
