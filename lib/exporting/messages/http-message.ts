import type { ExportedRecord } from '../../codec/records/exported-record.js';
import { formatIsoMicros } from '../../codec/records/iso-time.js';

/** Begins the name of a header that holds a metadata value, as `shoebox serve` reads it. */
const METADATA_PREFIX = 'x-shoebox-meta-';
const TIME_HEADER = 'x-shoebox-time';

/** A record as a POST request. */
export interface HttpMessage {
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/**
 * The request for a record, as `shoebox serve` reads it: the payload is the body, the time is in
 * `X-Shoebox-Time`, and metadata are in headers `X-Shoebox-Meta-NAME`. Metadata that no header can
 * hold, and keys with capital letters, are in the query of the URL.
 */
export function toHttpMessage(
  { metadata, payload, timeMicros }: Pick<ExportedRecord, 'metadata' | 'payload' | 'timeMicros'>,
  base: URL,
): HttpMessage {
  const url = new URL(base);
  const headers: [string, string][] = [];
  for (const [key, value] of Object.entries(metadata)) {
    // A header is UTF-8, in characters of one byte each.
    if (isHeader(key, value)) {
      headers.push([METADATA_PREFIX + key, Buffer.from(value).toString('latin1')]);
    } else url.searchParams.append(key, value);
  }
  if (timeMicros !== undefined) headers.push([TIME_HEADER, formatIsoMicros(timeMicros)]);
  return { url, headers, body: payload };
}

/** Lower-case letters only, because names of headers are read so (RFC 9110, sections 5.1 and 5.6.2). */
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** No control characters (RFC 9110, section 5.5). */
const HEADER_VALUE = /^[^\p{Cc}]*$/u;

function isHeader(key: string, value: string): boolean {
  return HEADER_NAME.test(key) && HEADER_VALUE.test(value) && value === value.trim();
}
