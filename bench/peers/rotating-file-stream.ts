import { finished } from 'node:stream/promises';

import { createStream } from 'rotating-file-stream';

import { feed, toLine } from '../feed.js';
import type { Input } from '../inputs/input.js';

/** Writes JSON lines in files of 100 MB. */
export async function writeRotatingFileStream(directory: string, input: Input): Promise<void> {
  const stream = createStream('records.log', { path: directory, size: '100M' });
  await feed(stream, input, toLine);
  await finished(stream);
}
