import { isDeepStrictEqual } from 'node:util';

import type { JsMsg, StoredMsg } from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/nats-core';

import type { ArchiveRecord } from '../../codec/records/archive-record.js';
import { parseIsoMicros } from '../../codec/records/iso-time.js';
import { natsMetadata } from '../../exporting/messages/nats-message.js';

/** A record of a message, with everything that identifies it. */
export interface NatsRecord {
  readonly sequence: number;
  readonly payload: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  readonly timeMicros: number;
}

/**
 * The record for a message that a consumer has delivered. Its time is when the server stored it.
 *
 * @returns undefined if the client cannot read its headers
 */
export function recordOfDelivered(message: JsMsg): NatsRecord | undefined {
  const metadata = metadataOf(message.subject, () => message.headers);
  if (metadata === undefined) return undefined;
  return {
    sequence: message.seq,
    payload: message.data,
    metadata,
    timeMicros: Number(message.timestampNanos / 1000n),
  };
}

/**
 * The record for a message that was read from the stream: the same as if it had been delivered.
 *
 * @returns undefined if the client cannot read its headers
 */
export function recordOfStored(message: StoredMsg): NatsRecord | undefined {
  const metadata = metadataOf(message.subject, () => message.header);
  if (metadata === undefined) return undefined;
  return {
    sequence: message.seq,
    payload: message.data,
    metadata,
    timeMicros: parseIsoMicros(message.timestamp),
  };
}

/** The character that the client puts in place of bytes that are not UTF-8. */
const REPLACED = /\ufffd/;

function metadataOf(
  subject: string,
  readHeaders: () => MsgHdrs | undefined,
): Record<string, string> | undefined {
  let headers: MsgHdrs | undefined;
  try {
    headers = readHeaders();
  } catch {
    // The client refuses names that the server has taken.
    return undefined;
  }
  if (headers === undefined) return natsMetadata(subject, []);
  for (const entry of headers) if (REPLACED.test(entry.flat().join())) return undefined;
  return natsMetadata(subject, headers);
}

/** Whether a record is that of a message. */
export function areSame(
  { metadata, payload, timeMicros }: ArchiveRecord,
  received: NatsRecord,
): boolean {
  return (
    payload.equals(received.payload) &&
    timeMicros === received.timeMicros &&
    isDeepStrictEqual({ ...metadata }, { ...received.metadata })
  );
}
