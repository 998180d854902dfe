import { join } from 'node:path';

import { expect } from 'chai';

import { exportParquet } from '../../lib/exporting/export-parquet.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import { queryDuckDb } from '../support/duckdb.js';
import { TemporaryDirectories } from '../support/series.js';

/** As many records as each hour has, by the folder of the hour. */
const HOURS = { '2026-11-29/23': 7, '2026-11-30/00': 31, '2026-11-30/10': 5 } as const;

/** As examples/hive-tables.ts makes them, which Spark has read (examples/spark.md). */
describe('folders by hour', () => {
  const directories = new TemporaryDirectories();
  let root: string;

  before(async () => {
    root = await directories.make();
    const events = createArchiveWriter({ directory: root });
    for (const [hour, count] of Object.entries(HOURS)) {
      const lines = createArchiveWriter({
        directory: root,
        template: '%Y-%m-%d_[[WRITER]]-[[SEQUENCE]].jsonl',
        format: 'jsonl',
        ship: { to: join(root, 'lines'), key: 'dt=%Y-%m-%d/hour=%H/[[NAME]]' },
      });
      const start = Date.parse(`${hour.replace('/', 'T')}:00:00Z`);
      for (let i = 0; i < count; i++) {
        const time = new Date(start + 1000 * i);
        lines.write({ time, payload: { time, user: { id: i } } });
        events.write({ time, payload: { time, user: { id: i } } });
      }
      await lines.close();
    }
    await events.close();
    const columns = { user_id: 'payload.user.id' };
    const table = { directory: join(root, 'table'), partition: 'hour', columns } as const;
    await exportParquet(createArchiveReader(events.pattern), table);
  });

  after(() => directories.remove());

  const sources = () => ({
    Parquet: `select strftime(dt, '%Y-%m-%d') || '/' || hour as folder, user_id::int as id, time as moment
      from read_parquet('${root}/table/*/*/*.parquet', hive_partitioning = true)`,
    'compressed JSON lines': `select strftime(dt, '%Y-%m-%d') || '/' || hour as folder, "user".id as id, time::timestamptz as moment
      from read_json('${root}/lines/*/*/*.jsonl.gz', hive_partitioning = true)`,
  });

  for (const name of ['Parquet', 'compressed JSON lines'] as const) {
    it(`of ${name} have our counts and sums in DuckDB, where an hour is text`, async () => {
      const rows = await queryDuckDb(
        `select folder, count(*)::int n, sum(id)::int ids,
          count(*) filter (strftime(moment at time zone 'UTC', '%Y-%m-%d/%H') = folder)::int same
        from (${sources()[name]}) group by 1 order by 1`,
      );
      const expected = Object.entries(HOURS).map(([folder, n]) => ({
        ...{ folder, n, ids: (n * (n - 1)) / 2, same: n },
      }));
      expect(rows).to.deep.equal(expected);
    });
  }
});
