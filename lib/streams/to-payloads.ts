import { Transform } from 'node:stream';

import { payloadOf, type RecordInput } from '../codec/record-input.js';

export interface ToPayloadsOptions {
  /** What follows each payload. @default '\n' */
  readonly separator?: string | Uint8Array | undefined;
}

/** Records in, their payloads out, as bytes, each followed by a separator. */
export function toPayloads(options: ToPayloadsOptions = {}): Transform {
  const separator = Buffer.from(options.separator ?? '\n');
  return new Transform({
    writableObjectMode: true,
    transform(record: RecordInput, _encoding, callback) {
      try {
        this.push(Buffer.from(payloadOf(record)));
        if (separator.length > 0) this.push(separator);
        callback();
      } catch (error) {
        callback(error as Error);
      }
    },
  });
}
