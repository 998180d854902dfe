import { Transform } from 'node:stream';

import { type LosslessLineOptions, losslessLine } from '../codec/json-lines/lossless-line.js';
import type { RecordInput } from '../codec/records/record-input.js';
import { quote } from '../errors/show.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkFlag } from '../format/option-values.js';
import { Encoder } from '../streams/encoder.js';
import { waitUntilTaken } from '../streams/wait-until-taken.js';
import { memberKeyOf } from './member-key.js';

/** Options of `toJsonLines`. */
export interface ToJsonLinesOptions {
  /**
   * The key under which each line holds the record's metadata; `true` means `'metadata'`. Payloads
   * must then be JSON objects. Not with `lossless`, which always has them. @default false: lines
   * have no metadata
   */
  readonly metadata?: string | boolean | undefined;
  /**
   * Writes everything that a record has, whatever its payload is: `time`, `writer`, `sequence`,
   * `metadata`, and `payload` (JSON, digit for digit), `payloadText` (other text) or
   * `payloadBase64`. @default false
   */
  readonly lossless?: boolean | undefined;
  /**
   * With `lossless`: the members of a payload that is a JSON object come on top of the line, for
   * tools that want that. Time, writer, sequence and metadata come in one member, under this key;
   * `true` means `'record'`. Any other payload, one over 1 MiB, and one that has a member of that
   * name, are written as without this option. @default false
   */
  readonly payloadOnTop?: string | boolean | undefined;
  /**
   * With `lossless`: names where each record was read, as `archive` and `offset`. `fromJsonLines`
   * ignores both. @default false
   */
  readonly origin?: boolean | undefined;
}

const JSON_LINES_OPTION_NAMES: OptionNames<ToJsonLinesOptions> = {
  metadata: true,
  lossless: checkFlag,
  payloadOnTop: true,
  origin: checkFlag,
};

const DEFAULT_METADATA_KEY = 'metadata';
const DEFAULT_RECORD_KEY = 'record';

/**
 * Converts records to JSON lines (docs/format.md, "JSON lines"): takes records and gives bytes, one
 * line for each record. Without `lossless` a line is the payload, and a payload that contains a line
 * feed or is not UTF-8 ends the stream with a `RecordError` after the lines before it.
 *
 * @throws TypeError for an invalid option, or options that exclude each other
 */
export function toJsonLines(options?: ToJsonLinesOptions): Transform {
  const { lossless, metadata, origin, payloadOnTop } = readOptions(
    options,
    JSON_LINES_OPTION_NAMES,
  );
  const metadataKey = memberKeyOf('metadata', metadata, DEFAULT_METADATA_KEY);
  const recordKey = memberKeyOf('payloadOnTop', payloadOnTop, DEFAULT_RECORD_KEY);
  if (lossless === true) {
    if (metadata !== undefined && metadata !== true) {
      throw new TypeError(`metadata is ${quote(metadata)}, but lossless decides about it`);
    }
    return toLosslessLines({ recordKey, hasOrigin: origin });
  }
  if (origin === true) throw new TypeError('origin goes with lossless: true');
  if (recordKey !== undefined) throw new TypeError('payloadOnTop goes with lossless: true');
  return new Encoder({ format: 'jsonl', metadataKey });
}

function toLosslessLines(options: LosslessLineOptions): Transform {
  return new Transform({
    writableObjectMode: true,
    transform(record: RecordInput, _encoding, callback) {
      let line: string;
      try {
        line = losslessLine(record, options);
      } catch (error) {
        void waitUntilTaken(this).then(() => callback(error as Error));
        return;
      }
      callback(null, Buffer.from(`${line}\n`));
    },
  });
}
