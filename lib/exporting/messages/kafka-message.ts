import type { ExportedRecord } from '../../codec/records/exported-record.js';
import { bytesOfMetadata, textOfBytes } from './metadata-text.js';
import { headerKey, headersOfMetadata } from './repeated-headers.js';

const KEY = 'kafka.key';
const HEADER_PREFIX = 'kafka.header.';
const TOMBSTONE = 'kafka.tombstone';
/** The timestamp of a message that a record cannot have as its time. */
const TIMESTAMP = 'kafka.timestamp';

/** What Shoebox archives of a message, as KafkaJS gives it. */
export interface ConsumedKafkaMessage {
  readonly key: Uint8Array | null;
  /** Null in a tombstone, which deletes its key from a compacted topic. */
  readonly value: Uint8Array | null;
  readonly headers?: KafkaHeaders | undefined;
}

/** Headers by name. Several of one name are a list. */
export type KafkaHeaders = Readonly<
  Record<string, HeaderValue | readonly HeaderValue[] | null | undefined>
>;

type HeaderValue = Uint8Array | string;

/** A message as KafkaJS produces it. */
export interface ProducedKafkaMessage {
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer | Buffer[]>;
  /** In ms since the epoch. Without one, Kafka takes the time of the call. */
  timestamp?: string;
  partition?: number;
}

/**
 * The metadata of a message: `kafka.key`, `kafka.header.NAME` (further ones of one name `.1`,
 * `.2`), and `kafka.tombstone` for a value that is null. A header whose value is null becomes an
 * empty one.
 */
export function kafkaMetadata({
  headers = {},
  key,
  value,
}: ConsumedKafkaMessage): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  if (key !== null) metadata[KEY] = textOfBytes(key);
  for (const [name, given] of Object.entries(headers)) {
    const values: readonly unknown[] = Array.isArray(given) ? given : [given];
    for (const [number, each] of values.filter(isHeaderValue).entries()) {
      metadata[HEADER_PREFIX + headerKey(name, number)] = textOfBytes(Buffer.from(each ?? ''));
    }
  }
  if (value === null) metadata[TOMBSTONE] = 'true';
  return metadata;
}

/**
 * KafkaJS joins headers of one name, and takes what an object inherits under a name such as
 * `constructor` for an earlier one. Without this check, such a message would end every archiver.
 */
function isHeaderValue(value: unknown): value is HeaderValue | null | undefined {
  return value === null || value === undefined || typeof value === 'string' || isBytes(value);
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

/**
 * The message for a record. One that was archived from Kafka becomes the message that it was: key,
 * headers, value and timestamp, this one to the millisecond. All other metadata become headers of
 * their own names.
 */
export function toKafkaMessage({
  metadata,
  payload,
  timeMicros,
}: Pick<ExportedRecord, 'metadata' | 'payload' | 'timeMicros'>): ProducedKafkaMessage {
  const headers: Record<string, Buffer | Buffer[]> = Object.create(null);
  for (const [name, values] of headersOfMetadata(metadata, HEADER_PREFIX)) {
    const [first = Buffer.alloc(0), ...rest] = values.map(bytesOfMetadata);
    headers[name] = rest.length === 0 ? first : [first, ...rest];
  }
  for (const [name, value] of Object.entries(metadata)) {
    if (!isKafkaMetadata(name) && headers[name] === undefined) headers[name] = Buffer.from(value);
  }
  const key = metadata[KEY];
  const timestamp = timestampOf(metadata, timeMicros);
  const isTombstone = metadata[TOMBSTONE] === 'true' && payload.length === 0;
  return {
    key: key === undefined ? null : bytesOfMetadata(key),
    value: isTombstone ? null : payload,
    headers,
    ...(timestamp !== undefined && { timestamp }),
  };
}

function timestampOf(
  { [TIMESTAMP]: text }: Readonly<Record<string, string>>,
  timeMicros: number | undefined,
): string | undefined {
  if (text !== undefined && /^-?\d+$/.test(text)) return text;
  return timeMicros === undefined ? undefined : String(Math.floor(timeMicros / 1000));
}

function isKafkaMetadata(name: string): boolean {
  return [KEY, TOMBSTONE, TIMESTAMP].includes(name) || name.startsWith(HEADER_PREFIX);
}
