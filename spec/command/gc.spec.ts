import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { callShoebox } from '../support/call-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

describe('shoebox gc', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  it('says what it would remove, and with --yes the same when it removes', async () => {
    const directory = await temporary.make();
    for (const name of ['a.events.torn-7', 'b.events.damaged-1.journal']) {
      await writeFile(join(directory, name), 'xx');
      await utimes(join(directory, name), 1e9, 1e9);
    }
    const dry = await callShoebox(['gc', directory]);
    expect(dry).to.deep.equal({
      code: 0,
      stdout:
        `would remove ${directory}/a.events.torn-7 (torn bytes, 2 B, since 2001-09-09 01:46:40)\n` +
        `would remove ${directory}/b.events.damaged-1.journal (stale journal, 2 B, since 2001-09-09 01:46:40)\n`,
      stderr: '2 leftovers, 4 B: give --yes to remove them\n',
    });
    const old = await callShoebox(['gc', directory, '--older-than', '10000w', '--json']);
    expect(JSON.parse(old.stdout)).to.include({ type: 'summary', found: 0 });
    const real = await callShoebox(['gc', directory, '--yes']);
    expect([real.code, real.stdout]).to.deep.equal([0, dry.stdout.replaceAll('would ', '')]);
    expect(await readdir(directory)).to.deep.equal([]);
    expect((await callShoebox(['gc', directory])).stderr).to.equal('nothing to remove\n');
  });
});
