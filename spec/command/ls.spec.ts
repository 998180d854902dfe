import { rename } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveWriter, rollByCount } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

describe('shoebox ls', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  async function series(): Promise<string> {
    const directory = await temporary.make();
    const template = 'a-[[SEQUENCE]].events';
    const writer = createArchiveWriter({ directory, template, roll: rollByCount(2) });
    const time = new Date(Date.UTC(2026, 10, 30, 9));
    for (let i = 0; i < 3; i++) writer.write({ payload: 'x', time });
    await writer.close();
    return directory;
  }

  it('prints a table, with totals to stderr', async () => {
    const directory = await series();
    const { code, stderr, stdout } = await callShoebox(['ls', directory]);
    expect(code).to.equal(0);
    const [heading, first, second, ...more] = stdout.split('\n');
    expect(heading).to.match(/^STATE +RECORDS +SIZE +FIRST TIME +LAST TIME +NAME$/);
    expect(first).to.match(
      /^sealed +2 +\d+ B +2026-11-30 09:00:00 +2026-11-30 09:00:00 +\/.*a-000000/,
    );
    expect(second).to.match(/^sealed +1 /);
    expect(more).to.deep.equal(['']);
    expect(stderr).to.match(/^2 archives, 3 records, \d+ B\n$/);
    expect((await callShoebox(['ls', directory, '--quiet'])).stderr).to.equal('');
    const { stdout: long } = await callShoebox(['ls', directory, '-l']);
    expect(long).to.match(/\nv2 +none +\d+ B +[0-9a-f]{16} +2 +- +sealed +1 /);
  });

  it('prints JSON lines, and a summary', async () => {
    const directory = await series();
    const { stdout } = await callShoebox(['ls', directory, '--json']);
    const lines = stdout.trimEnd().split('\n');
    const [first, , summary] = lines.map((line) => JSON.parse(line));
    expect(first).to.include({ type: 'archive', records: 2, state: 'sealed', compression: 'none' });
    expect(first.name).to.equal(join(directory, 'a-000000.events'));
    expect(first.firstTime).to.equal('2026-11-30T09:00:00.000Z');
    expect(summary).to.include({ type: 'summary', archives: 2, records: 3 });
  });

  it('escapes control characters in names', async () => {
    const directory = await series();
    await rename(join(directory, 'a-000000.events'), join(directory, 'a\n\u001b[31m.events'));
    const { stdout } = await callShoebox(['ls', directory]);
    expect(stdout.split('\n')).to.have.length(4);
    expect(stdout).to.contain('a\\n\\u001b[31m.events');
  });
});
