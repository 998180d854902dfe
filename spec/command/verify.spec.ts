import { exec } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect } from 'chai';

import { createArchiveReader, createArchiveWriter, rollByCount } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

const run = promisify(exec);

describe('shoebox verify and repair', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  async function series(): Promise<string> {
    const directory = join(await temporary.make(), "it's a [dir]");
    await mkdir(directory);
    const template = 'a-[[SEQUENCE]].events';
    const writer = createArchiveWriter({ directory, template, roll: rollByCount(2) });
    for (let i = 0; i < 5; i++) writer.write({ payload: `record ${i} ${'x'.repeat(100)}` });
    await writer.close();
    return directory;
  }

  it('says that a series is complete', async () => {
    const directory = await series();
    expect(await callShoebox(['verify', directory])).to.deep.equal({
      code: 0,
      stdout: 'complete: 3 archives, 5 records, every writer ended\n',
      stderr: '',
    });
    const { stdout } = await callShoebox(['verify', directory, '--json']);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ type }) => type)).to.deep.equal([
      'archive',
      'archive',
      'archive',
      'summary',
    ]);
    expect(lines[3]).to.include({ verdict: 'complete', archives: 3, records: 5, problems: 0 });
  });

  it('exits with 1 on damage, and prints a command that saves the rest', async () => {
    const directory = await series();
    const path = join(directory, 'a-000000.events');
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 10) ^ 1, bytes.length - 10);
    await writeFile(path, bytes);
    const { code, stderr, stdout } = await callShoebox(['verify', directory]);
    expect([code, stderr]).to.deep.equal([1, '']);
    expect(stdout).to.contain('incomplete: 3 archives');
    const [, rescue = ''] = /^save the rest: shoebox (.*)$/m.exec(stdout) ?? [];
    const words = await run(`printf '%s\\0' ${rescue}`);
    const args = words.stdout.split('\0').slice(0, -1);
    const repaired = await callShoebox(args);
    expect([repaired.code, repaired.stderr]).to.deep.equal([0, repaired.stderr]);
    expect(repaired.stdout).to.match(/a-000000\.events\.repaired: 2 records, .*left out\n$/);
    expect(await readFile(path)).to.deep.equal(bytes);
    const left = await createArchiveReader(`${path.replace(/[[\]]/g, '\\$&')}.repaired`).toArray();
    expect(left).to.have.length(2);
    const again = await callShoebox(args);
    expect(again.code).to.equal(2);
    expect(again.stderr).to.match(/^shoebox: .*exists/);
    expect((await callShoebox([...args.slice(0, 1), '--force', ...args.slice(1)])).code).to.equal(
      0,
    );
    const itself = await callShoebox(['repair', path, '-o', path, '--force']);
    expect(itself.code).to.equal(2);
    expect(await readFile(path)).to.deep.equal(bytes);
  });

  it('writes nothing if nothing of the file is part of an archive, but repairs an empty one', async () => {
    const directory = await temporary.make();
    const [notes, out] = [join(directory, 'notes.txt'), join(directory, 'out')];
    await writeFile(notes, 'hello');
    for (const force of [[], ['--force']]) {
      const { code, stderr } = await callShoebox(['repair', notes, '-o', out, ...force]);
      expect([code, stderr]).to.deep.equal([
        1,
        `shoebox: nothing of ${notes} is part of an archive: bad-magic\n`,
      ]);
      expect(await readdir(directory)).to.deep.equal(['notes.txt']);
    }
    await writeFile(notes, '');
    expect((await callShoebox(['repair', notes, '-o', out])).code).to.equal(0);
  });
});
