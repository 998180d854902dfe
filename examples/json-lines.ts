// Archives the JSON lines of stdin, each as it is, then exports the archive for SQL (docs/export.md).
import { mkdir } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import {
  createArchiveReader,
  createArchiveWriter,
  exportParquet,
  fromJsonLines,
} from 'shoebox-archive';

const directory = process.argv[2] ?? 'archive';
const table = process.argv[3] ?? 'table';
await mkdir(directory, { recursive: true });

const lines = fromJsonLines({ metadata: ['event'], time: '.at', invalid: 'skip' });
lines.on('invalid', ({ reason }) => console.error(`skipped: ${reason.message}`));
const writer = createArchiveWriter({ directory });
await pipeline(process.stdin, lines, writer);
console.log(lines.stats());

const columns = { event: 'metadata.event', user_id: 'payload.user.id' };
const reader = createArchiveReader(writer.pattern, { allowEmpty: true });
const exported = await exportParquet(reader, { directory: table, partition: 'day', columns });
for (const { path, rows } of exported.files) console.log(`${path}: ${rows} rows`);
