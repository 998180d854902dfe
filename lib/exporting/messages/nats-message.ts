import type { ExportedRecord } from '../../codec/records/exported-record.js';
import { BASE64 } from './metadata-text.js';
import { headerKey, headersOfMetadata } from './repeated-headers.js';

const SUBJECT = 'nats.subject';
const HEADER_PREFIX = 'nats.header.';

/** A message of NATS: its headers by name, with the values of each in their order. */
export interface NatsMessage {
  /** Undefined for a record that no message was archived as. */
  readonly subject: string | undefined;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly data: Uint8Array;
}

/** The metadata of a message: `nats.subject` and `nats.header.NAME` (further ones `.1`, `.2`). */
export function natsMetadata(
  subject: string,
  headers: Iterable<readonly [name: string, values: readonly string[]]>,
): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  metadata[SUBJECT] = subject;
  for (const [name, values] of headers) {
    for (const [number, value] of values.entries()) {
      metadata[HEADER_PREFIX + headerKey(name, number)] = value;
    }
  }
  return metadata;
}

/**
 * The message for a record. One that was archived from NATS becomes the message that it was. All
 * other metadata become headers of their own names. Names and values that a header cannot hold are
 * encoded: characters of names as `%3A`, values with line breaks or with blanks at their ends as `base64:…`. Headers that
 * are commands to the server, such as `Nats-Rollup`, are encoded too: `Nats%2DRollup`.
 */
export function toNatsMessage({
  metadata,
  payload,
}: Pick<ExportedRecord, 'metadata' | 'payload'>): NatsMessage {
  const headers = new Map<string, readonly string[]>();
  for (const [name, values] of headersOfMetadata(metadata, HEADER_PREFIX)) {
    headers.set(toHeaderName(name), values.map(toHeaderValue));
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (key === SUBJECT || key.startsWith(HEADER_PREFIX)) continue;
    const name = toHeaderName(key);
    if (!headers.has(name)) headers.set(name, [toHeaderValue(value)]);
  }
  return { subject: metadata[SUBJECT], headers, data: payload };
}

/** A field name as RFC 822 allows it, which is what the clients of NATS check. */
const FIELD_NAME = /^[!-9;-~]+$/;

/** Headers by which the server acts: it would refuse the message, or purge others. */
const COMMAND = /^nats-(?=expected-|rollup$|schedule|batch-|required-)/i;

function toHeaderName(name: string): string {
  const harmless = name.replace(COMMAND, 'Nats%2D');
  if (FIELD_NAME.test(harmless)) return harmless;
  return encodeURIComponent(name.toWellFormed()) || '%';
}

function toHeaderValue(value: string): string {
  if (value === value.trim() && !/[\r\n]/.test(value)) return value;
  return `${BASE64}${Buffer.from(value).toString('base64')}`;
}
