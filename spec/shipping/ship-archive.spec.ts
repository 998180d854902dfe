import { createHash } from 'node:crypto';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { StoreError } from '../../lib/errors/store-error.js';
import { KeyTemplate } from '../../lib/shipping/key-template.js';
import { shipArchive } from '../../lib/shipping/ship-archive.js';
import { CountingFiles } from '../support/counting-files.js';
import { MemoryStore } from '../support/memory-store.js';
import { sealedArchive } from '../support/sealed-archive.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

describe('shipArchive', () => {
  const directories = new TemporaryDirectories();
  const bytes = Buffer.alloc(100_000, 'abcdefg');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const other = `a-${sha256.slice(0, 8)}.events.gz`;
  let path: string;
  let store: MemoryStore;
  let files: CountingFiles;
  let stopping: AbortController;

  beforeEach(async () => {
    path = join(await directories.make(), 'a.events');
    await writeFile(path, bytes);
    store = new MemoryStore();
    files = new CountingFiles();
    stopping = new AbortController();
    sent = [];
  });

  afterEach(() => directories.remove());

  let sent: string[];

  function ship(isPlainKeyOwn = false) {
    const archive = { ...sealedArchive(path), bytes: bytes.length, sha256 };
    return shipArchive(archive, {
      store,
      files: files.layer,
      keys: new KeyTemplate('[[NAME]]').keysOf(archive),
      isPlainKeyOwn,
      onSending: async (key, uploadId) => void sent.push(`${key} ${uploadId}`),
      signal: stopping.signal,
    });
  }

  function putAside(key: string, content: string | Buffer, metadata = {}): void {
    store.objects.set(key, { bytes: gzipSync(content), metadata });
  }

  it('puts the archive as gzip, with its identity, and says what the store has proven', async () => {
    const shipped = await ship();
    const object = store.objects.get('a.events.gz');
    expect(gunzipSync(object?.bytes ?? '').equals(bytes)).to.equal(true);
    expect(object).to.deep.include({
      contentType: 'application/gzip',
      metadata: { sha256, bytes: '100000' },
    });
    expect(shipped).to.deep.equal({
      ...{ store: 'memory', key: 'a.events.gz', takenKey: null, evidence: 'checksum' },
      storedBytes: object?.bytes.length,
    });
    expect(store.calls).to.deep.equal(['head a.events.gz', 'put a.events.gz']);
  });

  it('tells of each key before anything is sent under it, and of an upload before its parts', async () => {
    store.hasUploads = true;
    store.before = (operation) => {
      if (operation === 'put') expect(sent).to.have.length(2);
    };
    await ship();
    expect(sent).to.deep.equal(['a.events.gz null', 'a.events.gz upload-1']);
  });

  it('sends nothing when it cannot be told', async () => {
    const failure = new Error('not now');
    sent.push = () => {
      throw failure;
    };
    expect(await rejection(ship())).to.equal(failure);
    expect(store.count('put')).to.equal(0);
    while (files.open > 0) await new Promise<void>((resolve) => setImmediate(resolve));
  });

  describe('where the store proves nothing', () => {
    beforeEach(() => {
      store.evidence = null;
    });

    it('reads the object back', async () => {
      expect(await ship()).to.include({ evidence: 'read-back' });
      expect(store.calls).to.deep.equal(['head a.events.gz', 'put a.events.gz', 'get a.events.gz']);
    });

    it('takes it for not shipped where a single bit is another', async () => {
      store.before = (operation, key) => {
        const stored = store.objects.get(key)?.bytes;
        if (operation !== 'get' || stored === undefined) return;
        stored[stored.length >> 1] = (stored[stored.length >> 1] ?? 0) ^ 1;
      };
      const error = await rejection(ship());
      expect(error).to.include({ operation: 'confirm', transient: true });
      expect(error).to.have.property('message').that.includes('read back');
    });
  });

  it('reads back what is there already, and sends nothing', async () => {
    await ship();
    store.calls.length = 0;
    expect(await ship()).to.include({ key: 'a.events.gz', evidence: 'read-back', takenKey: null });
    expect(store.calls).to.deep.equal(['head a.events.gz', 'get a.events.gz']);
  });

  it('has what is there already last, where the store can', async () => {
    const persisted: string[] = [];
    Object.assign(store, { persist: async (key: string) => void persisted.push(key) });
    await ship();
    expect(persisted).to.deep.equal([]);
    await ship();
    expect(persisted).to.deep.equal(['a.events.gz']);
  });

  it('reads back what is there without its identity, as in a directory', async () => {
    putAside('a.events.gz', bytes);
    await ship();
    expect(store.calls).to.deep.equal(['head a.events.gz', 'get a.events.gz']);
  });

  describe('where somebody else puts under the key at the same moment', () => {
    for (const [what, content, key] of [
      ['another archive', 'another', other],
      ['the same one', bytes, 'a.events.gz'],
    ] as const) {
      it(`loses neither, where it is ${what}`, async () => {
        store.beforeComplete = (completed) => {
          if (completed === 'a.events.gz') putAside('a.events.gz', content);
        };
        expect(await ship()).to.include({ key });
        const first = store.objects.get('a.events.gz')?.bytes ?? '';
        expect(gunzipSync(first).equals(Buffer.from(content))).to.equal(true);
        expect(gunzipSync(store.objects.get(key)?.bytes ?? '').equals(bytes)).to.equal(true);
      });
    }

    it('uses no key that others may use, where the store refuses none', async () => {
      store.refuses = false;
      expect(await ship()).to.include({ key: other, takenKey: null });
      expect(store.calls).to.deep.equal([`head ${other}`, `put ${other}`]);
    });

    it('uses the plain key where nobody else can have it', async () => {
      store.refuses = false;
      expect(await ship(true)).to.include({ key: 'a.events.gz' });
    });
  });

  const foreign: Readonly<Record<string, Buffer>> = {
    'another archive': gzipSync('another'),
    'a longer one that begins with it': gzipSync(Buffer.concat([bytes, bytes])),
    'half of it': gzipSync(bytes).subarray(0, 100),
    'no gzip': Buffer.from('text'),
    nothing: Buffer.alloc(0),
  };
  for (const [what, content] of Object.entries(foreign)) {
    it(`goes to NAME-SHA8.gz where the key holds ${what}, which stays as it is`, async () => {
      store.objects.set('a.events.gz', { bytes: content, metadata: {} });
      expect(await ship()).to.include({ key: other, takenKey: 'a.events.gz' });
      expect(store.objects.get('a.events.gz')?.bytes).to.equal(content);
      expect(gunzipSync(store.objects.get(other)?.bytes ?? '').equals(bytes)).to.equal(true);
    });
  }

  it('does not read an object that says it is another archive', async () => {
    putAside('a.events.gz', 'another', { sha256: 'ab'.repeat(32) });
    expect(await ship()).to.include({ key: other });
    expect(store.count('get')).to.equal(0);
  });

  it('does not believe the identity of an object that is not what it says', async () => {
    putAside('a.events.gz', 'another', { sha256 });
    expect(await ship()).to.include({ key: other });
  });

  it('gives up, and overwrites nothing, where both keys are taken', async () => {
    putAside('a.events.gz', 'another');
    putAside(other, 'one more');
    const error = await rejection(ship());
    expect(error).to.have.property('code', 'ERR_KEY_TAKEN');
    expect(error).to.have.property('message').that.includes(`a.events.gz and ${other}`);
    expect(store.count('put')).to.equal(0);
  });

  it('takes an archive for not shipped where the store has another number of bytes', async () => {
    const { put } = store;
    store.put = async (...args) => ({ ...(await put.apply(store, args)), bytes: 99 });
    const error = await rejection(ship());
    expect(error).to.be.instanceOf(StoreError);
    expect(error).to.include({
      operation: 'confirm',
      target: 'memory/a.events.gz',
      transient: true,
    });
    expect(error).to.have.property('message').that.includes('the store has 99');
  });

  it('takes an archive for not shipped where the store did not read it to its end', async () => {
    store.put = async (key) => {
      store.objects.set(key, { bytes: Buffer.alloc(0), metadata: {} });
      return { key, bytes: 0, metadata: {}, evidence: null };
    };
    const error = await rejection(ship());
    expect(error).to.include({ operation: 'confirm', transient: true });
    while (files.open > 0) await new Promise<void>((resolve) => setImmediate(resolve));
  });

  it('stores nothing where the file has changed since it was sealed', async () => {
    await appendFile(path, '!');
    expect(await rejection(ship())).to.have.property('code', 'ERR_ARCHIVE_CHANGED');
    expect([...store.objects.keys()]).to.deep.equal([]);
  });

  it("gives the system's error where the file is gone", async () => {
    await rm(path);
    expect(await rejection(ship())).to.have.property('code', 'ENOENT');
  });

  for (const operation of ['head', 'get']) {
    it(`does not wait for the answer to ${operation} once the signal has aborted`, async () => {
      putAside('a.events.gz', bytes);
      const reason = new Error('no longer wanted');
      store.before = (called) => {
        if (called !== operation) return;
        stopping.abort(reason);
        return new Promise<void>(() => {});
      };
      expect(await rejection(ship())).to.equal(reason);
    });
  }

  it('stops reading back when the signal aborts, and ends that body', async () => {
    putAside('a.events.gz', bytes);
    const reason = new Error('no longer wanted');
    const body = new Readable({ read: () => stopping.abort(reason) });
    store.get = async () => body;
    expect(await rejection(ship())).to.have.property('cause', reason);
    expect(body.destroyed).to.equal(true);
  });

  it('lets a failure pass that comes when nobody waits any more', async () => {
    const reason = new Error('no longer wanted');
    let fail = (_error: Error) => {};
    store.before = () => {
      stopping.abort(reason);
      return new Promise<void>((_resolve, reject) => {
        fail = reject;
      });
    };
    expect(await rejection(ship())).to.equal(reason);
    fail(new Error('too late'));
    await new Promise<void>((resolve) => setImmediate(resolve));
  });
});
