import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { callShoebox } from '../support/call-shoebox.js';
import { startShoebox } from '../support/run-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';
import { until } from '../support/until.js';

describe('shoebox bench', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  it('measures the disk, writing, reading and compression, and cleans up', async () => {
    const directory = await temporary.make();
    const { code, stderr, stdout } = await callShoebox(['bench', directory, '--size', '64KiB']);
    expect(code, stderr).to.equal(0);
    const rows = stdout.trimEnd().split('\n');
    expect(rows.map((row) => row.split(/ {2,}/)[0])).to.deep.equal([
      'WHAT',
      'disk: write and sync',
      'disk: read (cached)',
      'archive: write, sync and seal',
      'archive: read',
      rows[5]?.split(/ {2,}/)[0],
    ]);
    expect(stderr).to.match(/^a sync takes [\d.]+ ms; \d+ processors, /);
    const json = await callShoebox(['bench', directory, '--size', '64KiB', '--json']);
    const types = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    expect(types).to.deep.equal([...Array(5).fill('figure'), 'summary']);
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('ends at SIGINT while it writes, and cleans up', async () => {
    const directory = await temporary.make();
    const child = startShoebox(['bench', directory, '--size', '64MiB']);
    const exit = once(child, 'exit');
    const isWriting = async () => {
      const [folder = ''] = await readdir(directory);
      const open = await stat(join(directory, folder, 'bench.events.open')).catch(() => undefined);
      return (open?.size ?? 0) > 2 ** 20;
    };
    await until(isWriting);
    child.kill('SIGINT');
    expect(await exit).to.deep.equal([130, null]);
    expect(await readdir(directory)).to.deep.equal([]);
  });
});
