// Rolls by size and by time, and ships each finished archive to a directory or to a bucket
// (`s3://bucket/prefix`, with S3_ENDPOINT, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set).
import { mkdir } from 'node:fs/promises';

import { createArchiveWriter, rollAtClock, rollBySize } from 'shoebox-archive';

const directory = process.argv[2] ?? 'archive';
const to = process.argv[3] ?? 'archive/store';
await mkdir(directory, { recursive: true });

await using writer = createArchiveWriter({
  directory,
  template: 'orders_%Y-%m-%d_[[HOST]]_[[WRITER]]-[[SEQUENCE]].events',
  roll: [rollBySize('256 KiB'), rollAtClock('1h')],
  ship: { to, localFile: 'delete' },
});
writer.on('shipped', ({ key, records, bytes, storedBytes }) =>
  console.log(`shipped ${key}: ${records} records, ${bytes} bytes as ${storedBytes}`),
);
writer.on('failed', ({ archive, error }) => console.error(`${archive.name} is retried:`, error));

for (let order = 1; order <= 10_000; order++) {
  const isWanted = writer.write({ payload: { order, total: order * 7, note: 'one of many' } });
  if (!isWanted) await new Promise<void>((resolve) => writer.once('drain', () => resolve()));
}
