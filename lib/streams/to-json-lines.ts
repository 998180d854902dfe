import type { Transform } from 'node:stream';

import { Encoder } from './encoder.js';

/** What is in the lines of `toJsonLines`. */
export interface ToJsonLinesOptions {
  /**
   * The key under which each line holds the record's metadata; `true` is `'metadata'`. Its payload must
   * then be a JSON object. @default false: they are left out
   */
  readonly metadata?: string | boolean | undefined;
}

const DEFAULT_METADATA_KEY = 'metadata';

/**
 * Records in, JSON lines out (docs/format.md, "JSON lines"), as bytes: each payload a line. One with a line
 * feed in it, or that is not UTF-8, ends the stream with a `RecordError` behind the lines before it.
 */
export function toJsonLines(options: ToJsonLinesOptions = {}): Transform {
  const { metadata } = options;
  const metadataKey = metadata === true ? DEFAULT_METADATA_KEY : metadata;
  return new Encoder({
    format: 'jsonl',
    metadataKey: metadataKey === false ? undefined : metadataKey,
  });
}
