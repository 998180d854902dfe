import { once } from 'node:events';

import sonicBoom, { type SonicBoom } from 'sonic-boom';

import { toLine } from '../feed.js';
import { type Input, recordsOf } from '../inputs/input.js';

/** pino's documented settings for throughput: asynchronous, with buffers of 4 KiB. */
export const DOCUMENTED = { sync: false, minLength: 4096 } as const;

/** A larger buffer. Even larger ones gain nothing. */
export const LARGE_WRITES = { sync: false, minLength: 2 ** 16, maxWrite: 2 ** 20 } as const;

/** Writes JSON lines. It does not roll by itself. */
export async function writeSonicBoom(
  path: string,
  input: Input,
  options: { readonly sync: false; readonly minLength: number; readonly maxWrite?: number },
): Promise<void> {
  const stream = new sonicBoom.SonicBoom({ dest: path, ...options });
  await once(stream, 'ready');
  await writeLines(stream, input);
}

/**
 * Writes all records as lines, waits for `drain` when `write` returns false, and ends the stream.
 */
export async function writeLines(stream: SonicBoom, input: Input): Promise<void> {
  for (const record of recordsOf(input)) {
    if (!stream.write(toLine(record))) await once(stream, 'drain');
  }
  const closed = once(stream, 'close');
  stream.end();
  await closed;
}
