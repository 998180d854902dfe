// Prints a series as JSON lines: open, sealed and compressed archives alike.
import { pipeline } from 'node:stream/promises';

import { createArchiveReader, ignoreClosedPipe, toJsonLines } from 'shoebox-archive';

const pattern = process.argv[2] ?? 'archive/*.events';
const reader = createArchiveReader(pattern);
await pipeline(reader, toJsonLines({ metadata: true }), process.stdout, { end: false }).catch(
  ignoreClosedPipe,
);
