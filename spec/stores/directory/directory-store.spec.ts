import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { expect } from 'chai';

import { type FileLayer, nodeFileLayer } from '../../../lib/files/file-layer.js';
import { DirectoryStore } from '../../../lib/stores/directory/directory-store.js';
import { chunks, listed, rejection } from '../../support/store-tools.js';
import { withFile } from '../../support/with-file.js';
import { outcomeOf } from '../../support/writer-tools.js';
import { describeFailedPuts } from '../contract/failed-put-contract.js';
import { describeStore, type StoreFixture } from '../contract/store-contract.js';

describe('DirectoryStore', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-store-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function filesBelow(path: string): Promise<string[]> {
    const entries = await readdir(path, { withFileTypes: true, recursive: true });
    const files = entries.filter((entry) => !entry.isDirectory());
    return files.map((entry) => join(relative(path, entry.parentPath), entry.name)).sort();
  }

  const openFixture = async (): Promise<StoreFixture> => ({
    store: new DirectoryStore(join(directory, 'store')),
    gaps: ['keeps no metadata'],
    evidence: { small: 'checksum', large: 'checksum' },
    leftovers: async () => (await filesBelow(directory)).filter((name) => name.endsWith('.part')),
    dispose: async () => {},
  });
  describeStore('DirectoryStore', openFixture);
  describeFailedPuts('DirectoryStore', openFixture);

  it('has its absolute path as its name', () => {
    expect(new DirectoryStore('.').name).to.equal(process.cwd());
    expect(() => new DirectoryStore('')).to.throw(RangeError, 'directory of a store is ""');
  });

  it('lists nothing when the directory is missing', async () => {
    expect(await listed(new DirectoryStore(join(directory, 'none')).list())).to.be.empty;
  });

  it('lists regular files, but not temporary ones', async () => {
    await mkdir(join(directory, 'sub'));
    await writeFile(join(directory, 'sub', 'a'), 'x');
    await writeFile(join(directory, '.a.0123456789abcdef.part'), 'x');
    await writeFile(join(directory, 'sub', '.a.0123456789abcdef.part'), 'x');
    await writeFile(join(directory, 'line\nbreak'), 'x');
    await symlink('sub/a', join(directory, 'link'));
    await symlink('sub', join(directory, 'links'));
    const store = new DirectoryStore(directory);
    const objects = await listed(store.list());
    expect(objects.map(({ key }) => key)).to.deep.equal(['sub/a']);
    for (const key of ['link', 'sub']) {
      expect(await store.head(key)).to.equal(null);
      expect(await rejection(store.get(key))).to.have.property('storeCode', 'NoSuchKey');
      await store.delete(key);
    }
    expect(await readdir(directory)).to.include.members(['link', 'links', 'sub']);
  });

  it('refuses the name of a temporary file', async () => {
    const store = new DirectoryStore(directory);
    const error = await rejection(store.put('a/.b.0123456789abcdef.part', Readable.from(['x'])));
    expect(error).to.be.instanceOf(RangeError);
  });

  it('completes writes that are cut short', async () => {
    const files = withFile((file) => ({
      write: (bytes, offset, length, position) =>
        file.write(bytes, offset, Math.min(length, 3), position),
    }));
    const store = new DirectoryStore(directory, { files });
    await store.put('a', Readable.from(['0123456789', 'abcde']));
    expect((await buffer(await store.get('a'))).toString()).to.equal('0123456789abcde');
  });

  describe('after a power loss', () => {
    let calls: string[];
    let store: DirectoryStore;

    beforeEach(() => {
      calls = [];
      const files: FileLayer = {
        ...withFile((file) => ({
          async sync() {
            calls.push('sync');
            await file.sync();
          },
        })),
        async rename(from, to) {
          calls.push(`rename to ${relative(directory, to)}`);
          await nodeFileLayer.rename(from, to);
        },
        async syncDirectory(path) {
          calls.push(`sync directory ${relative(directory, path) || '.'}`);
          await nodeFileLayer.syncDirectory(path);
        },
      };
      store = new DirectoryStore(join(directory, 'store'), { files });
    });

    const WRITTEN = ['sync', 'rename to store/b/c', 'sync directory store/b'];
    /** The names of all directories in the object's path, which may have existed before. */
    const NAMES = ['sync directory store', 'sync directory .'];

    it('has the object under its name only when it is synced and whole', async () => {
      await store.put('b/c', Readable.from(['x']));
      expect(calls).to.deep.equal([
        // The directory above the first one that is there: see `makeDirectory`.
        'sync directory ..',
        'sync directory .',
        'sync directory store',
        ...WRITTEN,
        ...NAMES,
      ]);
      calls.length = 0;
      await store.put('b/c', Readable.from(['x']));
      expect(calls).to.deep.equal(['sync directory store', ...WRITTEN]);
    });

    it('makes an object durable that another process has left', async () => {
      await mkdir(join(directory, 'store/b'), { recursive: true });
      await writeFile(join(directory, 'store/b/c'), 'x');
      await store.persist('b/c');
      expect(calls).to.deep.equal(['sync', 'sync directory store/b', ...NAMES]);
      expect(await rejection(store.persist('none'))).to.have.property('storeCode', 'ENOENT');
    });

    it('stores objects where its parent directory is not readable', async () => {
      const forbidding: FileLayer = {
        ...nodeFileLayer,
        async syncDirectory(path) {
          if (path === directory) throw Object.assign(new Error('no'), { code: 'EACCES' });
          await nodeFileLayer.syncDirectory(path);
        },
      };
      await mkdir(join(directory, 'store'));
      const shut = new DirectoryStore(join(directory, 'store'), { files: forbidding });
      await shut.put('a', Readable.from(['x']));
      expect(await shut.head('a')).to.include({ bytes: 1 });
    });
  });

  it('reads the body no faster than it writes it', async () => {
    let taken = 0;
    let written = 0;
    let lead = 0;
    const files = withFile((file) => ({
      async write(bytes, offset, length, position) {
        const result = await file.write(bytes, offset, length, position);
        written += result.bytesWritten;
        return result;
      },
    }));
    const source = chunks(16, (chunk) => {
      taken += chunk.length;
      lead = Math.max(lead, taken - written);
    });
    await new DirectoryStore(directory, { files }).put('a', Readable.from(source));
    expect(written).to.equal(16 * 2 ** 20);
    expect(lead).to.be.at.most(3 * 2 ** 20);
  });

  it('reads the file no faster than its consumer reads the stream', async () => {
    let read = 0;
    const files = withFile((file) => ({
      async read(bytes, offset, length, position) {
        const result = await file.read(bytes, offset, length, position);
        read += result.bytesRead;
        return result;
      },
    }));
    const store = new DirectoryStore(directory, { files });
    await store.put('a', Readable.from(chunks(4)));
    read = 0;
    let consumed = 0;
    let lead = 0;
    for await (const chunk of await store.get('a')) {
      consumed += chunk.length;
      lead = Math.max(lead, read - consumed);
    }
    expect(consumed).to.equal(4 * 2 ** 20);
    expect(lead).to.be.at.most(2 ** 18);
  });

  it('closes the file when the reader stops before, during or after reading', async () => {
    let open = 0;
    const files = withFile((file) => {
      open++;
      return {
        async close() {
          await file.close();
          open--;
        },
      };
    });
    const store = new DirectoryStore(directory, { files });
    await store.put('a', Readable.from(chunks(2)));
    await outcomeOf((await store.get('a')).destroy());
    expect(open).to.equal(0);
    const reading = await store.get('a');
    reading.read();
    await outcomeOf(reading.destroy());
    expect(open).to.equal(0);
    const stopped = await store.get('a');
    const closing = outcomeOf(stopped);
    for await (const _ of stopped) break;
    await closing;
    expect(open).to.equal(0);
    const whole = await store.get('a');
    await Promise.all([outcomeOf(whole), buffer(whole)]);
    expect(open).to.equal(0);
    await rejection(store.put('b', Readable.from(chunks(1, () => {}, new Error('fails')))));
    expect(open).to.equal(0);
  });
});
