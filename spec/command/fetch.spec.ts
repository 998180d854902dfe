import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { fetchObject } from '../../lib/command/fetch/fetch-object.js';
import { localPathOf } from '../../lib/command/fetch/local-path.js';
import { DirectoryStore } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { FaultyStore } from '../support/faulty-store.js';
import { TemporaryDirectories } from '../support/series.js';

describe('shoebox fetch', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  it('downloads everything below a URL, or one object, once', async () => {
    const [from, to] = [await temporary.make(), await temporary.make()];
    await mkdir(join(from, 'dt=1'));
    await writeFile(join(from, 'dt=1', 'a.events.gz'), 'aaaa');
    await writeFile(join(from, 'b.events.gz'), 'bb');
    const first = await callShoebox(['fetch', from, to, '--json']);
    expect([first.code, first.stderr]).to.deep.equal([0, 'fetched 2 objects, 6 B\n']);
    expect(await readFile(join(to, 'dt=1', 'a.events.gz'), 'utf8')).to.equal('aaaa');
    expect(JSON.parse(first.stdout.trimEnd().split('\n').at(-1) ?? '')).to.deep.equal({
      ...{ type: 'summary', objects: 2, present: 0, bytes: 6 },
    });
    const again = await callShoebox(['fetch', from, to]);
    expect(again.stderr).to.equal('fetched 0 objects, 0 B, 2 objects there already\n');
    const one = await temporary.make();
    expect((await callShoebox(['fetch', `file://${from}/b.events.gz`, one])).code).to.equal(0);
    expect(await readdir(one)).to.deep.equal(['b.events.gz']);
    const none = await callShoebox(['fetch', join(from, 'none'), to]);
    expect([none.code, none.stderr]).to.deep.equal([
      1,
      `shoebox: nothing is stored below ${join(from, 'none')}\n`,
    ]);
    expect((await callShoebox(['fetch', from])).code).to.equal(2);
  });

  it('continues a download that broke off', async () => {
    const [from, to] = [await temporary.make(), await temporary.make()];
    const content = 'x'.repeat(1000);
    await writeFile(join(from, 'a'), content);
    const store = new FaultyStore(new DirectoryStore(from));
    store.breakAfter = () => (store.gets.length === 1 ? 400 : undefined);
    const path = join(to, 'a');
    const options = { signal: new AbortController().signal, onBytes: () => undefined };
    expect(await fetchObject(store, { key: 'a', bytes: 1000 }, path, options)).to.equal(true);
    const starts = store.gets.map(({ range }) => range?.start);
    expect(starts).to.deep.equal([0, 400]);
    expect(await readFile(path, 'utf8')).to.equal(content);
    expect(await readdir(to)).to.deep.equal(['a']);
    expect(await fetchObject(store, { key: 'a', bytes: 1000 }, path, options)).to.equal(false);
  });

  it('leaves its directory for no key', () => {
    expect(localPathOf('d', 'a/b')).to.equal(join('d', 'a', 'b'));
    for (const key of ['../x', 'a/../../x', '/../x', 'a\0']) {
      expect(() => localPathOf('d', key), key).to.throw('outside of d');
    }
  });
});
