import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import type { RecordInput } from '../../lib/codec/records/record-input.js';
import { type ExportParquetOptions, exportParquet } from '../../lib/exporting/export-parquet.js';
import { type FileLayer, nodeFileLayer } from '../../lib/files/file-layer.js';
import { queryDuckDb } from '../support/duckdb.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

const HOUR = 3_600_000;
const START = Date.parse('2026-11-30T22:00:00Z');

/** Records of `hours` hours, in turns, and two without a time. */
function recordsOf(hours: number, ofEach: number): RecordInput[] {
  const timed = Array.from({ length: hours * ofEach }, (_, i) => ({
    time: START + (i % hours) * HOUR + i,
    payload: { i },
  }));
  return [...timed, { payload: { i: -1 } }, { payload: { i: -2 } }];
}

const directories = new TemporaryDirectories();

async function listed(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files
    .map(({ name, parentPath }) => join(parentPath, name).slice(directory.length + 1))
    .sort();
}

async function run(records: Iterable<RecordInput>, options: Partial<ExportParquetOptions> = {}) {
  const directory = options.directory ?? (await directories.make());
  const result = await exportParquet(records, { partition: 'hour', ...options, directory });
  return { directory, ...result };
}

describe('exportParquet', () => {
  after(() => directories.remove());

  it('writes folders by hour, which DuckDB reads as one table', async () => {
    const columns = { i: 'payload.i' };
    const { directory, files, rows } = await run(recordsOf(3, 40), { columns });
    const paths = [
      'dt=2026-11-30/hour=22/part-00000.parquet',
      'dt=2026-11-30/hour=23/part-00000.parquet',
      'dt=2026-12-01/hour=00/part-00000.parquet',
      'dt=__HIVE_DEFAULT_PARTITION__/hour=__HIVE_DEFAULT_PARTITION__/part-00000.parquet',
    ];
    expect(files.map(({ path }) => path)).to.deep.equal(paths);
    expect(files.map((file) => file.rows)).to.deep.equal([40, 40, 40, 2]);
    expect(rows).to.equal(122);
    expect(await listed(directory)).to.deep.equal(paths);
    const table = `read_parquet('${directory}/*/*/*.parquet', hive_partitioning = true, hive_types = { dt: varchar, hour: varchar })`;
    const found = await queryDuckDb(
      `select dt, hour, count(*)::int n, sum(i::int)::int s,
        count(*) filter (strftime(time at time zone 'UTC', '%H') = hour)::int same
      from ${table} group by all order by 1, 2`,
    );
    const sumOf = (hour: number) =>
      Array.from({ length: 40 }, (_, i) => 3 * i + hour).reduce((a, b) => a + b);
    expect(found).to.deep.equal([
      { dt: '2026-11-30', hour: '22', n: 40, s: sumOf(0), same: 40 },
      { dt: '2026-11-30', hour: '23', n: 40, s: sumOf(1), same: 40 },
      { dt: '2026-12-01', hour: '00', n: 40, s: sumOf(2), same: 40 },
      { dt: null, hour: null, n: 2, s: -3, same: 0 },
    ]);
  });

  it('writes folders by day', async () => {
    const { files } = await run(recordsOf(3, 1), { partition: 'day' });
    expect(files.map(({ path, rows }) => [path, rows])).to.deep.equal([
      ['dt=2026-11-30/part-00000.parquet', 2],
      ['dt=2026-12-01/part-00000.parquet', 1],
      ['dt=__HIVE_DEFAULT_PARTITION__/part-00000.parquet', 2],
    ]);
  });

  it('has no more files open than it may, and loses no row', async () => {
    let open = 0;
    let most = 0;
    const files: FileLayer = {
      ...nodeFileLayer,
      async open(...args) {
        const file = await nodeFileLayer.open(...args);
        most = Math.max(most, ++open);
        const close = file.close.bind(file);
        return Object.assign(file, { close: () => close().finally(() => open--) });
      },
    };
    const { directory, rows } = await run(recordsOf(4, 5), { maxOpenFiles: 2, files });
    expect([most, open, rows]).to.deep.equal([2, 0, 22]);
    const [found] = await queryDuckDb(
      `select count(*)::int n, count(distinct payload)::int d from '${directory}/*/*/*.parquet'`,
    );
    expect(found).to.deep.equal({ n: 22, d: 22 });
  });

  it('shows no file before all are complete, and leaves none if the source fails', async () => {
    const directory = await directories.make();
    async function* failing() {
      for (const record of recordsOf(3, 10)) {
        yield record;
        expect(await listed(directory)).to.not.match(/(^|\/)[^.][^/]*\.parquet/);
      }
      throw new Error('the source failed');
    }
    const failure = await rejection(exportParquet(failing(), { directory, partition: 'day' }));
    expect(failure).to.have.property('message', 'the source failed');
    expect(await listed(directory)).to.deep.equal([]);
  });

  it('leaves no file if a call of the file system fails', async () => {
    for (const call of ['open', 'readdir'] as const) {
      const directory = await directories.make();
      let calls = 0;
      const files: FileLayer = {
        ...nodeFileLayer,
        [call]: (...args: [string, 'wx']) => {
          if (++calls === 3) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
          return nodeFileLayer[call](...args);
        },
      };
      const options = { directory, partition: 'hour', files } as const;
      const failure = await rejection(exportParquet(recordsOf(3, 10), options));
      expect(failure).to.have.property('code', 'EIO');
      expect(await listed(directory)).to.deep.equal([]);
    }
  });

  it('refuses a folder that holds Parquet files, or replaces them', async () => {
    const { directory } = await run(recordsOf(2, 3), { partition: 'day' });
    const other = join(directory, 'dt=2026-11-30', 'old.parquet');
    const kept = join(directory, 'dt=2025-01-01');
    await writeFile(other, 'old');
    await mkdir(kept);
    await writeFile(join(kept, 'kept.parquet'), 'kept');
    const again = { directory, partition: 'day' } as const;
    const failure = await rejection(exportParquet(recordsOf(1, 1), again));
    expect(failure).to.have.property('code', 'ERR_EXPORT_EXISTS');
    expect(String(failure)).to.include('dt=2026-11-30 holds Parquet files already (2)');
    expect(await listed(directory)).to.have.length(4);
    await exportParquet(recordsOf(1, 1), { ...again, whenExists: 'replace' });
    expect(await listed(directory)).to.deep.equal([
      'dt=2025-01-01/kept.parquet',
      'dt=2026-11-30/part-00000.parquet',
      'dt=__HIVE_DEFAULT_PARTITION__/part-00000.parquet',
    ]);
  });

  it('creates its directory, and writes nothing without records', async () => {
    const directory = join(await directories.make(), 'a', 'b');
    const { files, rows, bytes } = await run([], { directory });
    expect({ files, rows, bytes }).to.deep.equal({ files: [], rows: 0, bytes: 0 });
    expect(await listed(directory)).to.deep.equal([]);
  });

  const refused: ReadonlyArray<readonly [options: object, message: string]> = [
    [{ directory: undefined }, 'directory is missing'],
    [{ partition: undefined }, 'partition is missing'],
    [{ partition: 'week' }, `partition is "week", expected 'hour' or 'day'`],
    [{ maxOpenFiles: 0 }, 'maxOpenFiles is 0, expected a whole number from 1 on'],
    [{ whenExists: 'add' }, `whenExists is "add", expected 'refuse' or 'replace'`],
    [{ columns: { dt: 'payload.a' } }, 'columns has "dt", which is there already'],
  ];
  for (const [options, message] of refused) {
    it(`refuses ${JSON.stringify(options)}`, async () => {
      const all = { directory: 'none', partition: 'hour', ...options } as const;
      const failure = await rejection(Reflect.apply(exportParquet, undefined, [[], all]));
      expect(String(failure)).to.include(message);
    });
  }
});
