import { lstat, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { ArchiveJournal } from '../../lib/shipping/journal/archive-journal.js';
import { JOURNALED_OBJECT } from '../support/journals.js';
import { MemoryStore, storeError } from '../support/memory-store.js';
import { encodeUnsealed, TemporaryDirectories } from '../support/series.js';
import { createShippingWriter } from '../support/shipping-writer.js';
import { sha256Of } from '../support/writer-tools.js';

/** Names that no two archives share, and names that they may. */
const OWN = '[[WRITER]]_[[SEQUENCE]].events';
const SHARED = 'x_[[SEQUENCE]].events';

describe('Archives whose journals claim that they were shipped and kept', () => {
  const directories = new TemporaryDirectories();
  const bytes = encodeUnsealed(['kept']);
  let directory: string;
  let store: MemoryStore;

  beforeEach(async () => {
    directory = await directories.make();
    store = new MemoryStore();
  });

  afterEach(() => directories.remove());

  /** Starts and ends a writer of the directory. */
  async function start(template: string) {
    const ship = { to: store, localFile: 'keep' as const };
    const { writer, shipped, failed } = createShippingWriter(directory, store, { template, ship });
    const result = await writer.close({ deadlineMs: 60_000 });
    return { result, shipped, failed };
  }

  async function keep(name: string, changes: { sha256?: string; storedBytes?: number } = {}) {
    const path = join(directory, name);
    await writeFile(path, bytes);
    const { ino, mtimeMs, size } = await lstat(path);
    const { sha256 = sha256Of(bytes), storedBytes = gzipSync(bytes).length } = changes;
    const times = { firstTime: null, lastTime: null, openedAt: 1 };
    await new ArchiveJournal(path, nodeFileLayer).write({
      state: 'settled',
      archive: { bytes: size, sha256, records: 1, ino, mtimeMs, ...times },
      object: { ...JOURNALED_OBJECT, key: `${name}.gz`, storedBytes },
    });
  }

  function put(name: string, content = bytes, metadata = {}): void {
    store.objects.set(`${name}.gz`, { bytes: gzipSync(content), metadata });
  }

  for (const [what, template, name] of [
    ['its own', OWN, '0123456789abcdef_000007.events'],
    ['a shared', SHARED, 'x_000007.events'],
  ] as const) {
    it(`are left alone if the store has them under ${what} name`, async () => {
      await keep(name);
      put(name, bytes, { sha256: sha256Of(bytes) });
      const { result, shipped, failed } = await start(template);
      expect([result, shipped, failed]).to.deep.equal([{ shipped: 0, left: [] }, [], []]);
      expect([store.count('head'), store.count('get')]).to.deep.equal([1, 0]);
    });

    it(`are shipped if the store does not have them under ${what} name`, async () => {
      await keep(name);
      const { result } = await start(template);
      expect(result).to.deep.equal({ shipped: 1, left: [] });
      expect(store.objects.has(`${name}.gz`)).to.equal(true);
    });

    it(`are shipped if the object has another size or digest under ${what} name`, async () => {
      for (const metadata of [{ sha256: 'ab'.repeat(32) }, {}]) {
        await keep(name);
        store.objects.clear();
        put(name, encodeUnsealed(['another archive, which is longer']), metadata);
        const { result } = await start(template);
        expect(result).to.deep.equal({ shipped: 1, left: [] });
        expect(store.objects.size).to.equal(2);
        await rm(join(directory, `${name}.journal`));
      }
    });
  }

  it('are read where the store knows no digest, and another archive could have the key', async () => {
    const name = 'x_000007.events';
    await keep(name);
    put(name);
    expect((await start(SHARED)).result).to.deep.equal({ shipped: 0, left: [] });
    expect(store.count('get')).to.equal(1);
  });

  it('are not checked further while the store refuses, and are reported', async () => {
    for (let n = 0; n < 50; n++) await keep(`x_${String(n).padStart(6, '0')}.events`);
    store.before = (operation) => {
      if (operation === 'head') throw storeError(false, 'AccessDenied');
    };
    const { result, failed } = await start(SHARED);
    expect(result).to.deep.equal({ shipped: 0, left: [] });
    expect(failed.length).to.be.within(1, 8);
  });
});
