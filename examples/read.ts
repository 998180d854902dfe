// Reads a series back, as JSON lines on the terminal: every archive, whatever has become of it.
import { pipeline } from 'node:stream/promises';

import { createArchiveReader, toJsonLines } from 'shoebox-archive';

const pattern = process.argv[2] ?? 'archive/*.events';
await pipeline(createArchiveReader(pattern), toJsonLines({ metadata: true }), process.stdout, {
  end: false,
});
