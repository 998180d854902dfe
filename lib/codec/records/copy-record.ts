import { ArchiveRecord } from './archive-record.js';
import { type FlatMetadata, flattenMetadata } from './metadata-input.js';
import {
  metadataOf,
  payloadOf,
  type RecordFields,
  type RecordInput,
  timeMicrosOf,
} from './record-input.js';

/**
 * A record on memory of its own: what becomes of the caller's does not matter any more.
 *
 * @param nowMicros the time of a record that has none, in µs since the epoch
 * @throws RecordError for what is not a record; text that has no UTF-8 and what a format refuses is found
 *   when it is encoded
 */
export function copyRecord(record: RecordInput, nowMicros: number): RecordFields | ArchiveRecord {
  if (record instanceof ArchiveRecord) return record.copy();
  const payload = payloadOf(record);
  const flat: FlatMetadata = [];
  flattenMetadata(metadataOf(record), flat);
  const metadata: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) metadata.push([String(flat[i]), String(flat[i + 1])]);
  return {
    payload: typeof payload === 'string' ? payload : Uint8Array.from(payload),
    metadata,
    timeMicros: timeMicrosOf(record, nowMicros),
  };
}
