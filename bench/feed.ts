import { once } from 'node:events';
import type { Writable } from 'node:stream';

import { type BenchRecord, type Input, recordsOf } from './inputs/input.js';

/**
 * Writes all records to a stream as fast as the stream takes them, and ends it. All compared
 * streams get the same loop: waiting for `drain` when `write` returns false costs less than any
 * source to pipe from.
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

/** A record's metadata and payload in one line, for packages that write lines. */
export function toLine(record: BenchRecord): string {
  return `${JSON.stringify(record)}\n`;
}
