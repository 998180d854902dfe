import { isDeepStrictEqual } from 'node:util';

import type { JsMsg, StoredMsg } from '@nats-io/jetstream';

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

/** The record for a message that a consumer has delivered. Its time is when the server stored it. */
export function recordOfDelivered({
  data,
  headers,
  seq,
  subject,
  timestampNanos,
}: JsMsg): NatsRecord {
  return {
    sequence: seq,
    payload: data,
    metadata: natsMetadata(subject, headers ?? []),
    timeMicros: Number(timestampNanos / 1000n),
  };
}

/** The record for a message that was read from the stream: the same as if it had been delivered. */
export function recordOfStored({ data, header, seq, subject, timestamp }: StoredMsg): NatsRecord {
  return {
    sequence: seq,
    payload: data,
    metadata: natsMetadata(subject, header ?? []),
    timeMicros: parseIsoMicros(timestamp),
  };
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
