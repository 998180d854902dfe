import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { expect } from 'chai';

import { exportParquet } from '../../lib/exporting/export-parquet.js';
import { toCsv } from '../../lib/exporting/to-csv.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import { queryDuckDb } from '../support/duckdb.js';
import { TemporaryDirectories } from '../support/series.js';

const PAGE = readFileSync(new URL('../../docs/export.md', import.meta.url), 'utf8');

/** The statements of the SQL blocks in a section. */
function statementsOf(section: string): string[] {
  const [, text = ''] = PAGE.split(`### ${section}\n`);
  const [own = ''] = text.split('\n### ');
  const blocks = [...own.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql = '']) => sql);
  return blocks.flatMap((sql) => sql.split(';')).filter((sql) => sql.trim() !== '');
}

describe('docs/export.md', () => {
  const directories = new TemporaryDirectories();
  after(() => directories.remove());

  it('has queries that DuckDB runs', async () => {
    const directory = await directories.make();
    const records = Array.from({ length: 10 }, (_, i) => ({
      time: Date.parse('2026-11-05T12:00:00Z') + i,
      metadata: { event: i % 2 === 0 ? 'login' : 'logout', region: i === 9 ? 'us' : 'eu' },
      payload: { user: { id: i % 3 } },
    }));
    const columns = { event: 'metadata.event', user_id: 'payload.user.id' };
    const table = join(directory, 'table');
    await exportParquet(records, { directory: table, partition: 'day', columns });
    const csv = toCsv({ columns: ['time', 'metadata.event'] });
    await writeFile(join(directory, 'events.csv'), await buffer(Readable.from(records).pipe(csv)));

    const lines = createArchiveWriter({
      ...{ directory, template: 'x_[[WRITER]].jsonl', format: 'jsonl' },
      ship: { to: join(directory, 'lines'), key: 'dt=%Y-%m-%d/hour=%H/[[NAME]]' },
    });
    for (const record of records) lines.write(record);
    await lines.close();

    const found = [];
    for (const sql of statementsOf('DuckDB')) {
      const placed = sql
        .replaceAll("'table/", `'${table}/`)
        .replaceAll("'lines/", `'${directory}/lines/`)
        .replaceAll("'events", `'${directory}/events`);
      found.push(await queryDuckDb(placed));
    }
    const [byEvent, byUser, byHour, byCsv] = found;
    expect(byEvent?.map(({ event, logins }) => [event, logins])).to.deep.equal([
      ['login', '5'],
      ['logout', '4'],
    ]);
    expect(byUser?.map(({ user }) => user).sort()).to.deep.equal(['0', '1', '2']);
    expect(byHour).to.deep.equal([{ dt: '2026-11-05', hour: '12', 'count_star()': '10' }]);
    expect(byCsv).to.have.length(2);
    expect(found).to.have.length(4);
  });
});
