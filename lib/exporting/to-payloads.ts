import { Transform } from 'node:stream';

import { isBytes } from '../codec/bytes/is-bytes.js';
import { loneSurrogate, payloadOf, type RecordInput } from '../codec/records/record-input.js';
import { show } from '../errors/show.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { waitUntilTaken } from '../streams/wait-until-taken.js';

/** Options of `toPayloads`. */
export interface ToPayloadsOptions {
  /** Bytes after each payload. @default '\n' */
  readonly separator?: string | Uint8Array | undefined;
}

const PAYLOADS_OPTION_NAMES: OptionNames<ToPayloadsOptions> = { separator: true };

/**
 * Extracts payloads: takes records and gives their payloads as bytes, each followed by a separator.
 * An input that is not a record ends the stream with a `RecordError` after the payloads before it.
 */
export function toPayloads(options?: ToPayloadsOptions): Transform {
  const { separator: given = '\n' } = readOptions(options, PAYLOADS_OPTION_NAMES);
  if (typeof given !== 'string' && !isBytes(given)) {
    throw new TypeError(`separator is ${show(given)}, expected text or bytes`);
  }
  const separator = Buffer.from(given);
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
