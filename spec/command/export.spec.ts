import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveReader, createArchiveWriter } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

describe('shoebox export', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  async function archive(): Promise<string> {
    const directory = await temporary.make();
    const writer = createArchiveWriter({ directory, template: 'a.events' });
    for (let i = 0; i < 3; i++) {
      const time = new Date(Date.UTC(2026, 10, 30 + i, 9));
      writer.write({ payload: `{"n":${i}.0}`, time, metadata: { event: `e${i}` } });
    }
    await writer.close();
    return join(directory, '*.events');
  }

  it('writes CSV, JSON lines and other versions, complete or not at all', async () => {
    const pattern = await archive();
    const to = await temporary.make();
    const exported = async (format: string, ...options: string[]) => {
      const path = join(to, `out.${format}`);
      const args = ['export', pattern, '--format', format, '-o', path, ...options];
      const { code, stderr } = await callShoebox(args);
      expect(code, stderr).to.equal(0);
      expect(stderr).to.match(/: \d records?, \d+ B\n$/);
      return path;
    };
    const csv = await exported('csv', '--columns', 'metadata.event,payload.n', '--limit', '2');
    expect(await readFile(csv, 'utf8')).to.equal(
      'metadata.event,payload.n\r\ne0,0.0\r\ne1,1.0\r\n',
    );
    const lines = await readFile(await exported('jsonl'), 'utf8');
    expect(lines).to.equal((await callShoebox(['cat', pattern])).stdout);
    for (const format of ['v1', 'v2']) {
      const records = await createArchiveReader(await exported(format)).toArray();
      expect(records.map((record) => record.text())).to.deep.equal([
        ...['{"n":0.0}', '{"n":1.0}', '{"n":2.0}'],
      ]);
    }
    expect((await readdir(to)).sort()).to.deep.equal(['out.csv', 'out.jsonl', 'out.v1', 'out.v2']);
  });

  it('writes Parquet, as one file or in folders by day', async () => {
    const pattern = await archive();
    const to = await temporary.make();
    const file = join(to, 'all.parquet');
    const parquet = ['export', pattern, '--format', 'parquet'];
    expect((await callShoebox([...parquet, '-o', file])).code).to.equal(0);
    expect((await readFile(file)).subarray(0, 4).toString()).to.equal('PAR1');
    const table = join(to, 'table');
    const folders = [...parquet, '-o', table, '--partition', 'day', '--columns', 'metadata.event'];
    const { code, stderr } = await callShoebox(folders);
    expect([code, stderr.includes('3 files, 3 records')], stderr).to.deep.equal([0, true]);
    expect((await readdir(table)).sort()).to.deep.equal([
      ...['dt=2026-11-30', 'dt=2026-12-01', 'dt=2026-12-02'],
    ]);
    expect((await callShoebox(folders)).code).to.equal(1);
    expect((await callShoebox([...folders, '--force'])).code).to.equal(0);
  });

  it('refuses an output that exists, and leaves nothing of one that failed', async () => {
    const pattern = await archive();
    const to = await temporary.make();
    const path = join(to, 'out.csv');
    await writeFile(path, 'mine');
    const args = ['export', pattern, '--format', 'csv', '-o', path];
    const { code, stderr } = await callShoebox(args);
    expect([code, stderr.split('\n')[0]]).to.deep.equal([
      2,
      `shoebox: ${path} exists: give --force to replace it`,
    ]);
    expect(await readFile(path, 'utf8')).to.equal('mine');
    const none = ['export', join(to, 'none'), '--format', 'csv', '-o', join(to, 'new.csv')];
    expect((await callShoebox(none)).code).to.equal(1);
    expect(await readdir(to)).to.deep.equal(['out.csv']);
    const wrong: [options: string[], message: string][] = [
      [[], 'export needs --format'],
      [['--format', 'csv'], 'export needs -o'],
      [['--format', 'csv', '-o', 'x', '--partition', 'day'], '--partition goes with'],
      [['--format', 'jsonl', '-o', 'x', '--columns', 'time'], '--columns goes with'],
      [['--format', 'csv', '-o', 'x', '--columns', 'size'], 'size'],
    ];
    for (const [options, message] of wrong) {
      const result = await callShoebox(['export', pattern, ...options]);
      expect([result.code, result.stderr.includes(message)], result.stderr).to.deep.equal([
        2,
        true,
      ]);
    }
  });
});
