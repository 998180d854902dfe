import { expect } from 'chai';

import { createPartitionedWriter } from '../../lib/index.js';
import { queryDuckDb } from '../support/duckdb.js';
import { TemporaryDirectories } from '../support/series.js';

describe('folders of a partitioned writer', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  it('are a table for DuckDB, with the counts that were written', async () => {
    const directory = await directories.make();
    const writer = createPartitionedWriter({
      ...{ directory, format: 'jsonl', template: '[[WRITER]]-[[SEQUENCE]].jsonl' },
      partition: 'tenant=[[metadata.tenant]]/dt=%F',
      ...{ maxOpen: 3, compress: true },
    });
    const tenants = ['a', 'b c', 'ü/%', '', '..'];
    const counts: Record<string, number> = {};
    for (let n = 0; n < 200; n++) {
      const tenant = tenants[n % 7] ?? 'a';
      const time = Date.UTC(2026, 10, 29 + (n % 2), 12);
      const day = new Date(time).toISOString().slice(0, 10);
      const key = `${tenant || null} ${day}`;
      counts[key] = (counts[key] ?? 0) + 1;
      writer.write({ metadata: { tenant }, payload: { n }, time });
    }
    await writer.close();
    const rows = await queryDuckDb(
      `SELECT tenant, dt::VARCHAR AS day, count(*)::INT AS records
       FROM read_json('${directory}/*/*/*.jsonl.gz', hive_partitioning = true) GROUP BY ALL`,
    );
    expect(
      Object.fromEntries(rows.map(({ day, records, tenant }) => [`${tenant} ${day}`, records])),
    ).to.deep.equal(counts);
  });
});
