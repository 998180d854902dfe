import { isBytes } from '../bytes/is-bytes.js';
import { type ArchiveRecord, isArchiveRecord } from './archive-record.js';
import { type FlatMetadata, flattenMetadata } from './metadata-input.js';
import {
  metadataOf,
  payloadOf,
  type RecordFields,
  type RecordInput,
  timeMicrosOf,
} from './record-input.js';

/** The record's field `sequence`, unchecked: a writer may ignore it. */
function sequenceIn(record: RecordInput): number | undefined {
  return typeof record === 'object' && !isBytes(record) ? record.sequence : undefined;
}

/**
 * Copies a record, so that the caller may change or free its own.
 *
 * @param nowMicros the time of a record without one, in µs since the epoch
 * @throws RecordError if it is not a record. Lone surrogates, and whatever a format refuses, are
 *   only found when the copy is encoded.
 */
export function copyRecord(record: RecordInput, nowMicros: number): RecordFields | ArchiveRecord {
  if (isArchiveRecord(record)) return record.copy();
  const payload = payloadOf(record);
  const flat: FlatMetadata = [];
  flattenMetadata(metadataOf(record), flat);
  const metadata: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) metadata.push([String(flat[i]), String(flat[i + 1])]);
  return {
    payload: typeof payload === 'string' ? payload : Uint8Array.from(payload),
    metadata,
    timeMicros: timeMicrosOf(record, nowMicros),
    sequence: sequenceIn(record),
  };
}
