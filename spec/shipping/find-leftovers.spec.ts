import { copyFile, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveWriter, findLeftovers, type Leftover } from '../../lib/index.js';
import { encodeJournal } from '../../lib/shipping/journal/journal-entry.js';
import { JOURNALED_ARCHIVE } from '../support/journals.js';
import { MemoryStore } from '../support/memory-store.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

describe('findLeftovers', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  const TOKEN = '0123456789abcdef';
  const uploading = (uploadId: string, store = 'memory') =>
    encodeJournal({
      state: 'uploading',
      archive: JOURNALED_ARCHIVE,
      upload: { store, key: 'gone.events.gz', uploadId },
    });
  const sealed = encodeJournal({ state: 'sealed', archive: JOURNALED_ARCHIVE });

  /** A directory with a sealed archive `a.events`, and old files with these contents. */
  async function place(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
    const directory = await temporary.make();
    const writer = createArchiveWriter({ directory, template: 'a.events' });
    writer.write({ payload: '1' });
    await writer.close();
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(directory, name), content);
      await utimes(join(directory, name), 0, 0);
    }
    return directory;
  }

  async function find(...args: Parameters<typeof findLeftovers>): Promise<Leftover[]> {
    const found: Leftover[] = [];
    for await (const leftover of findLeftovers(...args)) found.push(leftover);
    return found;
  }

  const namesOf = (found: readonly Leftover[]) =>
    found.map(({ kind, path }) => `${kind} ${path.replace(/^.*\//, '')}`);

  it('names what a crash has left, and removes it on request', async () => {
    const directory = await place({
      'b.events.journal': sealed,
      'b.events.damaged-1.journal': 'x',
      'b.events.journal.0123abcd.part': 'x',
      'b.events.lock': TOKEN,
      'b.events.open.lock': TOKEN,
      'b.events.open.taken-0123abcd.lock': TOKEN,
      'a.events.torn-100': 'x',
      'a.events-1.torn-all': 'x',
      'a.events.0123abcd.recovered': 'x',
      '.a.events.0123456789abcdef.part': 'x',
    });
    await copyFile(join(directory, 'a.events'), join(directory, 'b.events.suspect'));
    await utimes(join(directory, 'b.events.suspect'), 0, 0);
    const found = await find(directory);
    expect(namesOf(found)).to.deep.equal([
      'copy .a.events.0123456789abcdef.part',
      'torn a.events-1.torn-all',
      'copy a.events.0123abcd.recovered',
      'torn a.events.torn-100',
      'journal b.events.damaged-1.journal',
      'journal b.events.journal',
      'journal b.events.journal.0123abcd.part',
      'lease b.events.lock',
      'lease b.events.open.lock',
      'lease b.events.open.taken-0123abcd.lock',
      'suspect b.events.suspect',
    ]);
    expect(found[0]).to.include({ bytes: 1 });
    expect(await readdir(directory)).to.have.length(12);
    for (const leftover of found) expect(await leftover.remove()).to.equal(true);
    expect(await readdir(directory)).to.deep.equal(['a.events']);
  });

  it('leaves what is young, what an archive needs, and what is of other programs', async () => {
    const directory = await place({
      'a.events.journal': sealed,
      'a.events.lock': TOKEN,
      'c.events.stale': 'archive',
      'c.events.journal': sealed,
      'c.events.suspect': 'x',
      'c.events.0123abcd.recovered': 'x',
      'd.events.gz': 'x',
      'd.events.journal': sealed,
      'yarn.lock': '# yarn',
      'other.journal': 'a diary',
      'note.torn-paper.txt': 'x',
      'other.suspect': 'a name',
    });
    await writeFile(join(directory, 'young.events.torn-1'), 'x');
    expect(namesOf(await find(directory))).to.deep.equal([]);
    expect(namesOf(await find(directory, { olderThan: 0 }))).to.deep.equal([
      'torn young.events.torn-1',
    ]);
  });

  it('leaves everything of an archive with a living owner', async () => {
    const directory = await place({
      'b.events.torn-1': 'x',
      'c.events.torn-1': 'x',
      'c.events.journal': uploading('u-live'),
      'd.events.torn-1': 'x',
    });
    await writeFile(join(directory, 'b.events.open.lock'), TOKEN);
    await writeFile(join(directory, 'c.events.lock'), TOKEN);
    const store = new MemoryStore();
    const old = new Date(0);
    store.uploads.push({ key: 'c.events.gz', uploadId: 'u-live', startedAt: old });
    const found = await find(directory, { to: store });
    expect(namesOf(found)).to.deep.equal(['torn d.events.torn-1']);
    await writeFile(join(directory, 'd.events.open.lock'), TOKEN);
    expect(await found[0]?.remove()).to.equal(false);
    expect(await readdir(directory)).to.include('d.events.torn-1');
  });

  it('leaves a file that has changed since it was found', async () => {
    const directory = await place({ 'b.events.torn-1': 'x' });
    const [found] = await find(directory);
    await writeFile(join(directory, 'b.events.torn-1'), 'new');
    expect(await found?.remove()).to.equal(false);
    expect(await readFile(join(directory, 'b.events.torn-1'), 'utf8')).to.equal('new');
  });

  it('names old uploads of the store, and aborts the one of a journal with it', async () => {
    const directory = await place({
      'gone.events.journal': uploading('u-1'),
      'other.events.journal': uploading('u-9', 'another store'),
    });
    const store = new MemoryStore();
    store.hasUploads = true;
    const young = new Date();
    store.uploads.push(
      { key: 'gone.events.gz', uploadId: 'u-1', startedAt: new Date(0) },
      { key: 'x.events.gz', uploadId: 'u-2', startedAt: new Date(0) },
      { key: 'y.events.gz', uploadId: 'u-3', startedAt: young },
    );
    expect(namesOf(await find(directory))).to.deep.equal([]);
    const found = await find(directory, { to: store });
    expect(namesOf(found)).to.deep.equal([
      'journal gone.events.journal',
      'upload gone.events.gz',
      'upload x.events.gz',
    ]);
    for (const leftover of found) expect(await leftover.remove()).to.equal(true);
    expect(store.uploads.map(({ uploadId }) => uploadId)).to.deep.equal(['u-3']);
    expect((await readdir(directory)).sort()).to.deep.equal(['a.events', 'other.events.journal']);
  });

  it('looks only below the prefix of a store', async () => {
    const directory = await place({});
    const root = await temporary.make();
    await mkdir(join(root, 'in'));
    for (const folder of ['in', '.']) {
      const path = join(root, folder, '.x.events.gz.0123456789abcdef.part');
      await writeFile(path, 'x');
      await utimes(path, 0, 0);
    }
    const found = await find(directory, { to: join(root, 'in') });
    expect(found.map(({ path }) => path)).to.deep.equal([join(root, 'in', 'x.events.gz')]);
  });

  it('says what is wrong', async () => {
    const failure = await rejection(find(join(await temporary.make(), 'none')));
    expect(failure)
      .to.have.property('message')
      .that.matches(/^directory .*none does not exist$/);
    expect(() => findLeftovers('x', { to: 'y', s3: {} })).to.throw(TypeError, 's3 goes with');
    expect(() => findLeftovers('x', { olderThan: 'week' as '1w' })).to.throw(/olderThan is/);
  });
});
