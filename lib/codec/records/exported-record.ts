import { RecordError } from '../../errors/record-error.js';
import { type ArchiveRecord, isArchiveRecord } from './archive-record.js';
import { type FlatMetadata, flattenMetadata } from './metadata-input.js';
import {
  loneSurrogate,
  metadataOf,
  payloadOf,
  type RecordInput,
  timeMicrosOf,
} from './record-input.js';

/** What an export takes of a record. */
export type ExportedRecord = Pick<
  ArchiveRecord,
  'timeMicros' | 'writer' | 'sequence' | 'metadata' | 'payload' | 'archive' | 'offset'
>;

/**
 * The record that an input is.
 *
 * @throws RecordError for anything else
 */
export function toExportedRecord(input: RecordInput): ExportedRecord {
  if (isArchiveRecord(input)) return input;
  const payload = payloadOf(input);
  if (typeof payload === 'string' && !payload.isWellFormed()) throw loneSurrogate('payload');
  const micros = timeMicrosOf(input, Number.NaN);
  const flat: FlatMetadata = [];
  flattenMetadata(metadataOf(input), flat);
  const metadata: Record<string, string> = Object.create(null);
  for (let i = 0; i < flat.length; i += 2) metadata[String(flat[i])] = String(flat[i + 1]);
  return {
    timeMicros: Number.isNaN(micros) ? undefined : micros,
    writer: undefined,
    sequence: undefined,
    archive: undefined,
    offset: undefined,
    metadata,
    payload: typeof payload === 'string' ? Buffer.from(payload) : asBuffer(payload),
  };
}

/** The error for a payload that an export takes for text. */
export function payloadIsNoText({
  sequence,
  writer,
}: Pick<ExportedRecord, 'sequence' | 'writer'>): RecordError {
  const where = writer === undefined ? '' : `: writer ${writer}, sequence ${sequence}`;
  return new RecordError('payload', `is not UTF-8${where}`);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
