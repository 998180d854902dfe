import type { Transform } from 'node:stream';

import { type OptionNames, readOptions } from '../format/option-names.js';
import { Encoder } from './encoder.js';

/** Options of `toJsonLines`. */
export interface ToJsonLinesOptions {
  /**
   * The key under which each line holds the record's metadata; `true` means `'metadata'`. Payloads
   * must then be JSON objects. @default false: lines have no metadata
   */
  readonly metadata?: string | boolean | undefined;
}

const JSON_LINES_OPTION_NAMES: OptionNames<ToJsonLinesOptions> = { metadata: true };

const DEFAULT_METADATA_KEY = 'metadata';

/**
 * Converts records to JSON lines (docs/format.md, "JSON lines"): takes records and gives bytes, one
 * line for each payload. A payload that contains a line feed or is not UTF-8 ends the stream with a
 * `RecordError` after the lines before it.
 */
export function toJsonLines(options?: ToJsonLinesOptions): Transform {
  const { metadata } = readOptions(options, JSON_LINES_OPTION_NAMES);
  const metadataKey = metadata === true ? DEFAULT_METADATA_KEY : metadata;
  return new Encoder({
    format: 'jsonl',
    metadataKey: metadataKey === false ? undefined : metadataKey,
  });
}
