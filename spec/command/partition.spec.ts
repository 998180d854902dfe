import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveReader } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';
import { post, ServeChildren } from '../support/serve-tools.js';

const PARTITION = 'tenant=[[metadata.tenant]]/dt=%F';

describe('--partition', () => {
  const temporary = new TemporaryDirectories();
  const children = new ServeChildren();
  afterEach(async () => {
    await children.end();
    await temporary.remove();
  });

  it('has record put lines into folders, here and in the store', async () => {
    const [directory, to] = [await temporary.make(), await temporary.make()];
    const lines = [0, 1, 2].map(
      (n) => `{"tenant":"t/${n % 2}","ts":"2026-11-30T09:00:00Z","n":${n}}`,
    );
    const { code, stdout } = await callShoebox(
      [
        ...['record', directory, '--partition', PARTITION, '--to', to, '--json'],
        ...['--metadata', 'tenant', '--time', '.ts'],
      ],
      { input: `${lines.join('\n')}\n` },
    );
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ records: 3, sealed: 2, shipped: 2, left: 0 });
    expect(readdirSync(to).sort()).to.deep.equal(['tenant=t%2F0', 'tenant=t%2F1']);
    const pattern = join(to, 'tenant=t%2F0/dt=2026-11-30/*.gz');
    expect(await createArchiveReader(pattern).toArray()).to.have.length(2);
  });

  it('skips and keeps lines whose folder has too long a name, unless --strict is given', async () => {
    const [directory, rejects] = [await temporary.make(), join(await temporary.make(), 'rejects')];
    const long = `{"tenant":"${'x'.repeat(300)}"}\n`;
    const args = ['record', directory, '--partition', PARTITION, '--metadata', 'tenant', '--json'];
    const input = `{"tenant":"a"}\n${long}{"tenant":"b"}\n`;
    const result = await callShoebox([...args, '--rejects', rejects], { input });
    expect([result.code, readFileSync(rejects, 'utf8')]).to.deep.equal([0, long]);
    expect(JSON.parse(result.stdout)).to.include({ records: 2, skipped: 1 });
    expect(result.stderr).to.match(/a line is skipped: metadata\["tenant"\] .* 307 bytes/);
    const strict = await callShoebox([...args, '--strict'], { input });
    expect([strict.code, JSON.parse(strict.stdout).records]).to.deep.equal([1, 1]);
  });

  it('has serve answer with the archive of each record', async () => {
    const { directory, stop, url } = await children.start(['--partition', PARTITION]);
    for (const tenant of ['a', 'b']) {
      const { body, status } = await post(`${url}/?tenant=${tenant}`, tenant);
      expect(status).to.equal(200);
      expect(body.sequence).to.equal(0);
      expect(body)
        .to.have.property('archive')
        .that.matches(/^events_.*\.events$/);
    }
    expect((await post(`${url}/?tenant=${'x'.repeat(300)}`, 'x')).status).to.equal(400);
    const { code } = await stop();
    expect(code).to.equal(0);
    expect(readdirSync(directory).sort()).to.deep.equal(['tenant=a', 'tenant=b']);
  });

  it('is refused with a wrong template, and with files', async () => {
    const directory = await temporary.make();
    for (const options of [
      ['--partition', 'a=b'],
      ['--partition', PARTITION, '--file', 'x'],
    ]) {
      const { code, stderr } = await callShoebox(['record', directory, ...options], { input: '' });
      expect(code, stderr).to.equal(2);
    }
  });
});
