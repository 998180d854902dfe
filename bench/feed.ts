import { once } from 'node:events';
import type { Writable } from 'node:stream';

import { type BenchRecord, type Input, recordsOf } from './inputs/input.js';

/**
 * Writes all records to a stream as fast as it takes them, and ends it. The same for every stream that is
 * compared: a loop that heeds what `write` returns costs less than any source to pipe from.
 */
export async function feed(
  stream: Writable,
  input: Input,
  toChunk: (record: BenchRecord) => unknown,
): Promise<void> {
  for (const record of recordsOf(input)) {
    if (!stream.write(toChunk(record))) await once(stream, 'drain');
  }
  stream.end();
}

/** Both parts of a record in a line, for those who write lines. */
export function toLine(record: BenchRecord): string {
  return `${JSON.stringify(record)}\n`;
}
