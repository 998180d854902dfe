import { copyFile, mkdir, readdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import {
  ArchiveError,
  createArchiveReader,
  createArchiveWriter,
  rollByCount,
  type ShipArchivesOptions,
  type ShipOutcome,
  type ShipProgress,
  shipArchives,
} from '../../lib/index.js';
import { MemoryStore } from '../support/memory-store.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';
import { numbers, payloadsOf } from '../support/writer-tools.js';

describe('shipArchives', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  async function series(count: number, directory?: string): Promise<string> {
    const path = directory ?? (await temporary.make());
    const writer = createArchiveWriter({ directory: path, roll: rollByCount(10) });
    for (const payload of numbers(count)) writer.write({ payload });
    await writer.close();
    return path;
  }

  async function ship(
    patterns: string | readonly string[],
    options: ShipArchivesOptions,
  ): Promise<ShipOutcome[]> {
    const outcomes: ShipOutcome[] = [];
    for await (const outcome of shipArchives(patterns, options)) outcomes.push(outcome);
    return outcomes;
  }

  const resultsOf = (outcomes: readonly ShipOutcome[]) => outcomes.map(({ outcome }) => outcome);

  it('ships what is sealed, keeps it, and recognises what the store has', async () => {
    const directory = await series(25);
    const to = await temporary.make();
    expect(resultsOf(await ship(directory, { to }))).to.deep.equal(Array(3).fill('shipped'));
    expect(await payloadsOf(`${to}/**`)).to.deep.equal(numbers(25));
    expect(await payloadsOf(`${directory}/*.events`)).to.deep.equal(numbers(25));
    expect(resultsOf(await ship(directory, { to }))).to.deep.equal(Array(3).fill('stored'));
    for (const name of await readdir(directory)) {
      if (name.endsWith('.journal')) await rename(join(directory, name), `${to}/.${name}`);
    }
    // Without journals, the objects are compared.
    expect(resultsOf(await ship(directory, { to }))).to.deep.equal(Array(3).fill('stored'));
  });

  it('continues after an interruption', async () => {
    const directory = await series(50);
    const store = new MemoryStore();
    const stopping = new AbortController();
    store.before = (operation) => {
      if (operation === 'put' && store.count('put') === 3) stopping.abort();
    };
    const failure = await rejection(ship(directory, { to: store, signal: stopping.signal }));
    expect(failure).to.have.property('name', 'AbortError');
    expect(store.objects.size).to.equal(2);
    store.before = () => {};
    const results = resultsOf(await ship(directory, { to: store }));
    expect(results).to.deep.equal(['stored', 'stored', 'shipped', 'shipped', 'shipped']);
    expect(store.isClosed).to.equal(false);
  });

  it('passes over what is open, empty, or being shipped', async () => {
    const directory = await series(10);
    const [name = ''] = await readdir(directory);
    await copyFile(join(directory, name), join(directory, 'b.events.open'));
    await writeFile(join(directory, 'c.events'), '');
    await copyFile(join(directory, name), join(directory, 'd.events'));
    await writeFile(join(directory, 'd.events.lock'), '0123456789abcdef');
    const outcomes = await ship(`${directory}/*.events`, { to: await temporary.make() });
    const found = outcomes.map(({ outcome, path }) => `${path.slice(directory.length)} ${outcome}`);
    expect(found.sort()).to.deep.equal([
      '/b.events.open unfinished',
      '/c.events unfinished',
      '/d.events busy',
      `/${name} shipped`,
    ]);
  });

  it('leaves a file that is not an archive, and continues', async () => {
    const directory = await series(10);
    await writeFile(join(directory, '0.txt'), 'notes');
    await writeFile(join(directory, '1.events.gz'), 'no gzip');
    const [text, gzip, good] = await ship(directory, { to: await temporary.make() });
    expect([text?.outcome, gzip?.outcome, good?.outcome]).to.deep.equal([
      'failed',
      'failed',
      'shipped',
    ]);
    expect(text).to.have.property('error').that.is.instanceOf(ArchiveError);
  });

  it('sends compressed archives as they are, once', async () => {
    const directory = await series(10);
    const [name = ''] = await readdir(directory);
    const packed = gzipSync(await readFile(join(directory, name)));
    const other = await temporary.make();
    await writeFile(join(other, `${name}.gz`), packed);
    const store = new MemoryStore();
    const expected = [{ outcome: 'shipped', key: `${name}.gz` }];
    const summary = (outcomes: readonly ShipOutcome[]) =>
      outcomes.map((one) => ({
        outcome: one.outcome,
        ...('object' in one && { key: one.object.key }),
      }));
    expect(summary(await ship(other, { to: store }))).to.deep.equal(expected);
    expect(store.objects.get(`${name}.gz`)?.bytes.equals(packed)).to.equal(true);
    expect(resultsOf(await ship(other, { to: store }))).to.deep.equal(['stored']);
    // The plain archive is the same one.
    expect(resultsOf(await ship(directory, { to: store }))).to.deep.equal(['stored']);
    expect(store.objects.size).to.equal(1);
    const removed = await ship(other, { to: store, localFile: 'delete' });
    expect([resultsOf(removed), await readdir(other)]).to.deep.equal([['stored'], []]);
  });

  it('keeps the folders below the directory of a pattern, unless there is a key', async () => {
    const root = await temporary.make();
    for (const folder of ['tenant=a 50%', 'tenant=b']) {
      await mkdir(join(root, folder));
      await series(3, join(root, folder));
    }
    const store = new MemoryStore();
    await ship(root, { to: store });
    const folders = () => [...store.objects.keys()].map((key) => key.replace(/[^/]*$/, '')).sort();
    expect(folders()).to.deep.equal(['tenant=a 50%/', 'tenant=b/']);
    expect(resultsOf(await ship(`${root}/*/*.events`, { to: store }))).to.deep.equal([
      'stored',
      'stored',
    ]);
    store.objects.clear();
    await ship(`${root}/**`, { to: store, key: 'all/[[NAME]]' });
    expect(folders()).to.deep.equal(['all/', 'all/']);
  });

  it('leaves the journal to the writer, whose store is another one', async () => {
    const directory = await temporary.make();
    const own = await temporary.make();
    const writer = createArchiveWriter({ directory, ship: { to: own, localFile: 'keep' } });
    writer.write({ payload: '0' });
    await writer.close();
    const journals = async () =>
      Promise.all(
        (await readdir(directory))
          .filter((name) => name.endsWith('.journal'))
          .map((name) => readFile(join(directory, name), 'utf8')),
      );
    const before = await journals();
    expect(before).to.have.length(1);
    expect(resultsOf(await ship(directory, { to: new MemoryStore() }))).to.deep.equal(['shipped']);
    expect(await journals()).to.deep.equal(before);
    expect(resultsOf(await ship(directory, { to: own }))).to.deep.equal(['stored']);
  });

  it('takes over a lease whose owner is gone', async () => {
    const directory = await series(3);
    const [name = ''] = await readdir(directory);
    const lock = join(directory, `${name}.lock`);
    await writeFile(lock, '0123456789abcdef');
    await utimes(lock, 0, 0);
    expect(resultsOf(await ship(directory, { to: new MemoryStore() }))).to.deep.equal(['shipped']);
    expect(await readdir(directory)).to.not.include(`${name}.lock`);
  });

  it('reports progress up to the whole', async () => {
    const directory = await series(25);
    const reports: ShipProgress[] = [];
    await ship(directory, { to: new MemoryStore(), onProgress: (report) => reports.push(report) });
    const last = reports.at(-1);
    expect([last?.archives, last?.of, last?.bytes]).to.deep.equal([3, 3, last?.ofBytes]);
    const sizes = reports.map(({ bytes }) => bytes);
    expect(sizes).to.deep.equal(sizes.toSorted((a, b) => a - b));
    const records = await createArchiveReader(directory).toArray();
    expect(records).to.have.length(25);
  });

  it('refuses options that make no sense', () => {
    const refused: [Partial<ShipArchivesOptions>, RegExp][] = [
      [{ to: 's3:/b' }, /^store "s3:\/b" is of an unknown kind/],
      [{ key: 'x' }, /has no \[\[NAME\]\]/],
      [{ s3: {} }, /^s3 goes with an s3:\/\/ URL/],
      [{ compression: 'none', level: 3 }, /^level is 3, but compression is 'none'/],
    ];
    for (const [options, message] of refused) {
      expect(() => shipArchives('x', { to: 'y', ...options }), String(message)).to.throw(message);
    }
    expect(() => shipArchives('s3://b/x', { to: 'y' })).to.throw(/is a URL, expected a local path/);
  });
});
