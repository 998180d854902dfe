import { Transform } from 'node:stream';

import { loneSurrogate, payloadOf, type RecordInput } from '../codec/records/record-input.js';
import { waitUntilTaken } from './wait-until-taken.js';

/** Options of `toPayloads`. */
export interface ToPayloadsOptions {
  /** Bytes after each payload. @default '\n' */
  readonly separator?: string | Uint8Array | undefined;
}

/**
 * Extracts payloads: takes records and gives their payloads as bytes, each followed by a separator.
 * An input that is not a record ends the stream with a `RecordError` after the payloads before it.
 */
export function toPayloads(options: ToPayloadsOptions = {}): Transform {
  const separator = Buffer.from(options.separator ?? '\n');
  return new Transform({
    writableObjectMode: true,
    transform(record: RecordInput, _encoding, callback) {
      let payload: Buffer;
      try {
        payload = bytesOf(payloadOf(record));
      } catch (error) {
        void waitUntilTaken(this).then(() => callback(error as Error));
        return;
      }
      this.push(payload);
      this.push(separator);
      callback();
    },
  });
}

function bytesOf(payload: string | Uint8Array): Buffer {
  if (typeof payload === 'string' && !payload.isWellFormed()) throw loneSurrogate('payload');
  return Buffer.from(payload);
}
