// Posts records at ten times the pace at which they happened. A second call continues after what was
// confirmed.
import { pipeline } from 'node:stream/promises';

import { createArchiveReader, readCursorFile, replay, toHttp } from 'shoebox-archive';

const pattern = process.argv[2] ?? 'archive';
const url = process.argv[3] ?? 'http://127.0.0.1:8080/records';
const cursorFile = process.argv[4] ?? 'position';

const after = await readCursorFile(cursorFile);
const reader = createArchiveReader(pattern, { order: 'merged', after });
const destination = toHttp({ url, cursorFile });
destination.on('retry', ({ error, delayMs }) =>
  console.error(`${error.message}; in ${delayMs} ms`),
);
await pipeline(reader, replay({ speed: 10, maxPause: '1s' }), destination);
console.log(`${destination.stats().records} records confirmed`);
