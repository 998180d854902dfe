import type { IncomingMessage } from 'node:http';

import { checkLength, tooLarge } from './read-body.js';

const LINE_FEED = 0x0a;

/** A line of a batch without its line feed; null if it is too long. */
export type BatchLine = Buffer | null;

export interface BatchLimits {
  readonly mostLineBytes: number;
  readonly mostBytes: number;
}

/**
 * Reads the lines of a body, no faster than the caller takes them. The last one needs no line feed.
 *
 * @throws RequestError 413 for a body of more than `mostBytes`
 */
export async function* readLines(
  request: IncomingMessage,
  { mostBytes, mostLineBytes }: BatchLimits,
): AsyncGenerator<BatchLine> {
  checkLength(request, mostBytes);
  let bytes = 0;
  let begun: Buffer[] = [];
  let begunBytes = 0;
  const take = (rest: Buffer): BatchLine => {
    const isTooLong = begunBytes + rest.length > mostLineBytes;
    const line = isTooLong ? null : Buffer.concat([...begun, rest]);
    [begun, begunBytes] = [[], 0];
    return line;
  };
  for await (const data of request) {
    const chunk: Buffer = data;
    bytes += chunk.length;
    if (bytes > mostBytes) throw tooLarge('the batch', mostBytes);
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end === -1) break;
      yield take(chunk.subarray(start, end));
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    // A line that is too long already need not stay in memory.
    if (begunBytes <= mostLineBytes && rest.length > 0) begun.push(rest);
    else begun = [];
    begunBytes += rest.length;
  }
  if (begunBytes > 0) yield take(Buffer.alloc(0));
}
