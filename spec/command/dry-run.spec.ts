import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveWriter } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

describe('shoebox, with --dry-run and --json', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  async function series() {
    const directory = await temporary.make();
    const writer = createArchiveWriter({ directory, template: 'a.events' });
    writer.write({ payload: '{"n":1}' });
    await writer.close();
    return directory;
  }

  it('says what export, repair and report would write, and writes nothing', async () => {
    const directory = await series();
    const output = await temporary.make();
    const commands = {
      csv: ['export', directory, '--format', 'csv'],
      repaired: ['repair', join(directory, 'a.events')],
      html: ['report', directory],
    };
    for (const [name, words] of Object.entries(commands)) {
      const path = join(output, name);
      const args = [...words, '-o', path];
      const first = await callShoebox([...args, '--dry-run']);
      expect(first).to.deep.equal({ code: 0, stdout: `would write ${path}\n`, stderr: '' });
      expect(await readdir(output)).to.not.include(name);
      await writeFile(path, 'old');
      const refused = await callShoebox([...args, '--dry-run']);
      expect([refused.code, refused.stdout]).to.deep.equal([2, '']);
      const second = await callShoebox([...args, '--dry-run', '--force']);
      expect(second.stdout).to.equal(`would replace ${path}\n`);
      expect(await readFile(path, 'utf8')).to.equal('old');
      const real = await callShoebox([...args, '--force', '--json']);
      expect([real.code, real.stderr.split('\n')[0]]).to.deep.equal([0, `replace ${path}`]);
      expect(JSON.parse(real.stdout)).to.include({ type: 'summary', records: 1 });
      expect(await readFile(path, 'utf8')).to.not.equal('old');
    }
  });

  it('says what fetch would write or replace', async () => {
    const [directory, copy] = [await series(), await temporary.make()];
    const fetch = () => callShoebox(['fetch', directory, copy, '--dry-run']);
    const path = join(copy, 'a.events');
    expect((await fetch()).stdout).to.match(new RegExp(`^would write ${path} \\(a\\.events, `));
    await writeFile(path, 'old');
    expect((await fetch()).stdout).to.match(new RegExp(`^would replace ${path} `));
    expect(await readFile(path, 'utf8')).to.equal('old');
    await copyFile(join(directory, 'a.events'), path);
    expect(await fetch()).to.deep.equal({ code: 0, stdout: '', stderr: '' });
  });

  it('sums up an import', async () => {
    const lines = join(await temporary.make(), 'all.jsonl');
    await writeFile(lines, (await callShoebox(['cat', await series()])).stdout);
    const { code, stdout } = await callShoebox(['import', lines, await temporary.make(), '--json']);
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ type: 'summary', records: 1, sealed: 1 });
  });
});
