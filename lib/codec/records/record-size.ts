import { RecordError } from '../../errors/record-error.js';

/**
 * Refuses a record of more than `maxRecordBytes`.
 *
 * @param bytes its payload, its metadata, and the lengths between them as its format has them
 * @throws RecordError
 */
export function checkRecordBytes(bytes: number, maxRecordBytes: number): void {
  if (bytes <= maxRecordBytes) return;
  throw new RecordError(
    'payload',
    `makes it ${bytes} bytes, more than maxRecordBytes ${maxRecordBytes}`,
  );
}
