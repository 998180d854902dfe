import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import {
  type CompressionOption,
  createArchiveWriter,
  DirectoryStore,
  rollByCount,
  type VerifyProgress,
  type VerifySeriesOptions,
  verifyArchives,
} from '../../../lib/index.js';
import { TemporaryDirectories } from '../../support/series.js';

/** Counts the bytes that are read from it. */
class CountedStore extends DirectoryStore {
  bytesRead = 0;

  override async get(...args: Parameters<DirectoryStore['get']>) {
    const body = await super.get(...args);
    body.on('data', (chunk: Buffer) => {
      this.bytesRead += chunk.length;
    });
    body.pause();
    return body;
  }
}

describe('verifyArchives, in a store', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  /** A store with three archives of one writer, by name. */
  async function shipped(compression: CompressionOption = 'gzip', payloadBytes = 1000) {
    const [directory, root] = [await temporary.make(), await temporary.make()];
    const writer = createArchiveWriter({
      ...{ directory, roll: rollByCount(20), index: ['n'] },
      ship: { to: root, compression },
    });
    for (let i = 0; i < 59; i++) {
      writer.write({ payload: randomBytes(payloadBytes), metadata: { n: String(i % 3) } });
    }
    await writer.close();
    const names = (await readdir(root)).sort();
    expect(names).to.have.length(3);
    const [first = '', second = '', third = ''] = names.map((name) => join(root, name));
    return { root, first, second, third, store: new CountedStore(root) };
  }

  async function verify(store: DirectoryStore, options: VerifySeriesOptions = {}) {
    const report = await verifyArchives({ store, pattern: '**' }, options);
    return { ...report, kinds: report.problems.map(({ kind }) => kind).sort() };
  }

  it('checks indexes and first bytes only, and with full everything', async () => {
    for (const compression of ['gzip', 'none'] as const) {
      const { store } = await shipped(compression, 20_000);
      const quick = await verify(store);
      const { bytesRead } = store;
      expect([quick.verdict, quick.ended, quick.kinds]).to.deep.equal(['complete', 'yes', []]);
      const full = await verify(store, { full: true });
      expect(full.verdict).to.equal('complete');
      expect(bytesRead).to.be.below((store.bytesRead - bytesRead) / 2);
      for (const [i, one] of quick.archives.entries()) {
        const { isRead, records, sha256, writer, ordinal } = one;
        expect({ isRead, sha256 }).to.deep.equal({ isRead: false, sha256: undefined });
        expect([records, ordinal]).to.deep.equal([i === 2 ? 19 : 20, i]);
        expect(full.archives[i]).to.include({ isRead: true, bytes: one.bytes, writer });
      }
    }
  });

  it('finds a flipped bit only with full', async () => {
    const { second, store } = await shipped();
    const bytes = await readFile(second);
    const at = bytes.length >> 2;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(second, bytes);
    const full = await verify(store, { full: true });
    expect(full.kinds).to.include('damaged');
  });

  it('finds objects that are missing, cut off, or replaced', async () => {
    for (const compression of ['gzip', 'none'] as const) {
      const missing = await shipped(compression);
      await rm(missing.second);
      expect((await verify(missing.store)).kinds).to.deep.equal(['missing']);

      const cut = await shipped(compression);
      await truncate(cut.second, (await readFile(cut.second)).length - 10);
      const { kinds, verdict } = await verify(cut.store);
      expect(verdict).to.equal('incomplete');
      expect(kinds).to.include('damaged');

      const replaced = await shipped(compression);
      await writeFile(replaced.second, await readFile(replaced.third));
      expect((await verify(replaced.store)).kinds).to.deep.equal(['misnamed', 'missing']);
    }
  });

  it('finds objects that were exchanged under each other’s keys', async () => {
    const { first, root, second, store } = await shipped();
    await rename(first, join(root, 'temporary'));
    await rename(second, first);
    await rename(join(root, 'temporary'), second);
    for (const full of [false, true]) {
      const { kinds, problems } = await verify(store, { full });
      expect(kinds).to.deep.equal(['misnamed', 'misnamed']);
      expect(problems[0]?.message).to.match(
        /: is archive \d of writer \w{16}, its name says archive \d of writer \w{16}$/,
      );
    }
  });

  it('finds an object whose start is not the one of its index', async () => {
    const { first, second, store } = await shipped('none');
    const [start, whole] = [await readFile(first), await readFile(second)];
    start.copy(whole, 0, 0, 64);
    await writeFile(second, whole);
    const { kinds, problems } = await verify(store);
    expect(kinds).to.deep.equal(['damaged']);
    expect(problems[0]?.message).to.match(/the index is wrong: it begins with record 20 of writer/);
  });

  it('finds an object that is listed and does not exist', async () => {
    const { second, store } = await shipped();
    const { list } = store;
    store.list = async function* (...args: Parameters<DirectoryStore['list']>) {
      for await (const object of list.apply(store, args)) yield object;
      await rm(second, { force: true });
    };
    const { kinds, problems } = await verify(store);
    expect(kinds).to.deep.equal(['missing', 'missing']);
    expect(problems.at(-1)?.message).to.match(/: is listed, but does not exist$/);
  });

  it('reports its progress', async () => {
    const { store } = await shipped();
    for (const full of [false, true]) {
      const reports: VerifyProgress[] = [];
      const { archives } = await verify(store, {
        full,
        onProgress: (progress) => reports.push(progress),
      });
      const bytes = archives.reduce((sum, archive) => sum + archive.bytes, 0);
      expect(reports.at(-1)).to.deep.equal({ archives: 3, of: 3, bytes });
      const sizes = reports.map((report) => report.bytes);
      expect(sizes).to.deep.equal(sizes.toSorted((a, b) => a - b));
    }
  });
});
