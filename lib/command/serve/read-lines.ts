import { type BodyRequest, receive } from './read-body.js';

const LINE_FEED = 0x0a;

/** A line of a batch without its line feed; null if it is too long. */
export type BatchLine = Buffer | null;

/**
 * Reads the lines of a body, no faster than the caller takes them. The last one needs no line feed.
 *
 * @throws RequestError 413 for a body of more than `mostBytes`; 429 if memory is full
 */
export async function* readLines(
  { memory, mostBytes, ...exchange }: BodyRequest,
  mostLineBytes: number,
): AsyncGenerator<BatchLine> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  let heldBytes = 0;
  const take = (rest: Buffer): BatchLine => {
    const isTooLong = begunBytes + rest.length > mostLineBytes;
    const line = isTooLong ? null : Buffer.concat([...begun, rest]);
    memory.give(heldBytes);
    [begun, begunBytes, heldBytes] = [[], 0, 0];
    return line;
  };
  try {
    for await (const chunk of receive(exchange, mostBytes, 'the batch')) {
      let start = 0;
      for (;;) {
        const end = chunk.indexOf(LINE_FEED, start);
        if (end === -1) break;
        yield take(chunk.subarray(start, end));
        start = end + 1;
      }
      const rest = chunk.subarray(start);
      begunBytes += rest.length;
      // A line that is too long already need not stay in memory.
      if (begunBytes > mostLineBytes) {
        memory.give(heldBytes);
        [begun, heldBytes] = [[], 0];
      } else if (rest.length > 0) {
        memory.take(rest.length);
        heldBytes += rest.length;
        begun.push(rest);
      }
    }
    if (begunBytes > 0) yield take(Buffer.alloc(0));
  } finally {
    memory.give(heldBytes);
  }
}
