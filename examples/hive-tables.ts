// Makes two tables in folders by hour, for DuckDB, Athena and Spark (examples/spark.md): JSON lines
// that are archived there, and Parquet that is exported from archives.
import { join } from 'node:path';

import { createArchiveReader, createArchiveWriter, exportParquet } from 'shoebox-archive';

const root = process.argv[2] ?? 'tables';
const events = createArchiveWriter({ directory: join(root, 'events'), createDirectory: true });

for (const hour of ['2026-11-29T23', '2026-11-30T00', '2026-11-30T01', '2026-11-30T10']) {
  await using lines = createArchiveWriter({
    directory: join(root, 'spool'),
    createDirectory: true,
    template: '%Y-%m-%d_[[WRITER]]-[[SEQUENCE]].jsonl',
    format: 'jsonl',
    ship: { to: join(root, 'lines'), key: 'dt=%Y-%m-%d/hour=%H/[[NAME]]', localFile: 'delete' },
  });
  for (let i = 0; i < 100 * (Number(hour.slice(-2)) + 1); i++) {
    const time = new Date(Date.parse(`${hour}:00:00Z`) + 500 * i);
    const event = i % 4 === 0 ? 'logout' : 'login';
    lines.write({ time, payload: { time, event, user: { id: i } } });
    events.write({ time, metadata: { event }, payload: { user: { id: i } } });
  }
}

await events.close();
const columns = { event_type: 'metadata.event', user_id: 'payload.user.id' };
const table = { directory: join(root, 'table'), partition: 'hour', columns } as const;
const { files } = await exportParquet(createArchiveReader(events.pattern), table);
for (const { path, rows } of files) console.log(`${path}: ${rows} rows`);
