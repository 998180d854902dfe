// Prints a series as JSON lines: open, sealed and compressed archives alike.
import { pipeline } from 'node:stream/promises';

import { createArchiveReader, toJsonLines } from 'shoebox-archive';

const pattern = process.argv[2] ?? 'archive/*.events';
await pipeline(createArchiveReader(pattern), toJsonLines({ metadata: true }), process.stdout, {
  end: false,
});
