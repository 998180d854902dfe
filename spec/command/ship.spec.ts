import { appendFile, copyFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveWriter } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';
import { payloadsOf } from '../support/writer-tools.js';

describe('shoebox ship', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  async function series() {
    const directory = await temporary.make();
    const writer = createArchiveWriter({ directory, template: 'a.events' });
    writer.write({ payload: '1' });
    await writer.close();
    return directory;
  }

  it('ships, says where to, and repeats nothing', async () => {
    const [directory, to] = [await series(), await temporary.make()];
    await copyFile(join(directory, 'a.events'), join(directory, 'b.events.open'));
    const first = await callShoebox(['ship', directory, '--to', to]);
    const path = join(directory, 'a.events');
    expect(first.stdout).to.equal(`${path} -> ${to}/a.events.gz\n`);
    expect(first.stderr).to.match(
      /b\.events\.open: passed over, because it is not sealed\nshipped 1 archive, \d+ B in the store\n$/,
    );
    expect(first.code).to.equal(0);
    expect(await payloadsOf(`${to}/*`)).to.deep.equal(['1']);
    const again = await callShoebox(['ship', directory, '--to', to, '--json', '-q']);
    expect([again.code, again.stderr]).to.deep.equal([0, '']);
    const lines = again.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ name, outcome, type }) => ({ name, outcome, type }))).to.deep.equal([
      { type: 'archive', name: path, outcome: 'stored' },
      { type: 'archive', name: join(directory, 'b.events.open'), outcome: 'unfinished' },
      { type: 'summary', name: undefined, outcome: undefined },
    ]);
  });

  it('shows in ls where an archive was shipped to', async () => {
    const [directory, to] = [await series(), await temporary.make()];
    const shippedTo = async () => {
      const { stdout } = await callShoebox(['ls', directory, '--json']);
      return JSON.parse(stdout.split('\n')[0] ?? '').shipped;
    };
    expect(await shippedTo()).to.equal(undefined);
    await callShoebox(['ship', directory, '--to', to]);
    expect(await shippedTo()).to.include({ store: to, key: 'a.events.gz' });
    const long = await callShoebox(['ls', directory, '--long']);
    expect(long.stdout).to.contain(`  ${to}/a.events.gz  `);
    await appendFile(join(directory, 'a.events'), 'more');
    expect(await shippedTo()).to.equal(undefined);
  });

  it('exits with 1 if an archive could not be shipped', async () => {
    const [directory, to] = [await series(), await temporary.make()];
    await writeFile(join(directory, 'c.txt'), 'notes');
    const { code, stderr } = await callShoebox(['ship', directory, '--to', to, '--quiet']);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^warning: .*c\.txt: .*\n$/);
    expect(await readdir(to)).to.include('a.events.gz');
  });

  it('refuses to guess where to ship to', async () => {
    const { code, stderr } = await callShoebox(['ship', 'x']);
    expect([code, stderr.split('\n')[0]]).to.deep.equal([2, 'shoebox: ship needs --to URL']);
    expect((await callShoebox(['ship', 'x', '--to', 'y', '--key', 'z'])).code).to.equal(2);
  });
});
