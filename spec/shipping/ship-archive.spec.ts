import { createHash } from 'node:crypto';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { StoreError } from '../../lib/errors/store-error.js';
import { compressArchive } from '../../lib/shipping/compress-archive.js';
import { KeyTemplate } from '../../lib/shipping/key-template.js';
import { shipArchive } from '../../lib/shipping/ship-archive.js';
import { createCompression } from '../../lib/streams/compression/compression.js';
import { CountingFiles } from '../support/counting-files.js';
import { MemoryStore } from '../support/memory-store.js';
import { sealedArchive } from '../support/sealed-archive.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';
import { until } from '../support/until.js';

/** Before an archive is put under a key that others may have. */
const LOOKS = ['.gz', '', '.zst'].map((suffix) => `head a.events${suffix}`);

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
      keys: new KeyTemplate('[[NAME]]').keysOf(archive),
      contentType: 'application/gzip',
      openBody: () => compressArchive(archive, files.layer, createCompression({})),
      isPlainKeyOwn,
      onSending: async (key, uploadId) => void sent.push(`${key} ${uploadId}`),
      signal: stopping.signal,
    });
  }

  function putObject(key: string, content: string | Buffer, metadata = {}): void {
    store.objects.set(key, { bytes: gzipSync(content), metadata });
  }

  it('puts the archive as gzip, with its identity, and returns the evidence', async () => {
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
      storedSha256: createHash('sha256')
        .update(object?.bytes ?? '')
        .digest('hex'),
    });
    expect(store.calls).to.deep.equal([...LOOKS, 'put a.events.gz']);
  });

  it('calls onSending before it sends under a key, and before the parts of an upload', async () => {
    store.hasUploads = true;
    store.before = (operation) => {
      if (operation === 'put') expect(sent).to.have.length(2);
    };
    await ship();
    expect(sent).to.deep.equal(['a.events.gz null', 'a.events.gz upload-3']);
  });

  it('sends nothing if onSending rejects', async () => {
    const failure = new Error('not now');
    sent.push = () => {
      throw failure;
    };
    expect(await rejection(ship())).to.equal(failure);
    expect(store.count('put')).to.equal(0);
    await until(() => files.open === 0);
  });

  describe('without evidence from the store', () => {
    beforeEach(() => {
      store.evidence = null;
    });

    it('reads the object back', async () => {
      expect(await ship()).to.include({ evidence: 'read-back' });
      expect(store.calls).to.deep.equal([...LOOKS, 'put a.events.gz', 'get a.events.gz']);
    });

    it('fails if a single bit differs', async () => {
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

  it('reads back an archive that is there already, and sends nothing', async () => {
    await ship();
    store.calls.length = 0;
    expect(await ship()).to.include({ key: 'a.events.gz', evidence: 'read-back', takenKey: null });
    expect(store.calls).to.deep.equal(['head a.events.gz', 'get a.events.gz']);
  });

  it('has the store persist an archive that is there already', async () => {
    const persisted: string[] = [];
    Object.assign(store, { persist: async (key: string) => void persisted.push(key) });
    await ship();
    expect(persisted).to.deep.equal([]);
    await ship();
    expect(persisted).to.deep.equal(['a.events.gz']);
  });

  it('reads back an object without metadata, as in a directory', async () => {
    putObject('a.events.gz', bytes);
    await ship();
    expect(store.calls).to.deep.equal(['head a.events.gz', 'get a.events.gz']);
  });

  describe('if another process puts under the key at the same moment', () => {
    for (const [what, content, key] of [
      ['another archive', 'another', other],
      ['the same archive', bytes, 'a.events.gz'],
    ] as const) {
      it(`loses neither archive if it puts ${what}`, async () => {
        store.beforeComplete = (completed) => {
          if (completed === 'a.events.gz') putObject('a.events.gz', content);
        };
        expect(await ship()).to.include({ key });
        const first = store.objects.get('a.events.gz')?.bytes ?? '';
        expect(gunzipSync(first).equals(Buffer.from(content))).to.equal(true);
        expect(gunzipSync(store.objects.get(key)?.bytes ?? '').equals(bytes)).to.equal(true);
      });
    }

    it('uses no key that others may use if the store does not refuse taken keys', async () => {
      store.refuses = false;
      expect(await ship()).to.include({ key: other, takenKey: null });
      expect(store.calls).to.deep.equal([`head ${other}`, `put ${other}`]);
    });

    it('uses the plain key if no other archive can have it', async () => {
      store.refuses = false;
      expect(await ship(true)).to.include({ key: 'a.events.gz' });
    });
  });

  const foreign: Readonly<Record<string, Buffer>> = {
    'another archive': gzipSync('another'),
    'a longer archive that begins with it': gzipSync(Buffer.concat([bytes, bytes])),
    'half of it': gzipSync(bytes).subarray(0, 100),
    'bytes that are not gzip': Buffer.from('text'),
    nothing: Buffer.alloc(0),
  };
  for (const [what, content] of Object.entries(foreign)) {
    it(`goes to NAME-SHA8.gz if the key holds ${what}, and does not change that`, async () => {
      store.objects.set('a.events.gz', { bytes: content, metadata: {} });
      expect(await ship()).to.include({ key: other, takenKey: 'a.events.gz' });
      expect(store.objects.get('a.events.gz')?.bytes).to.equal(content);
      expect(gunzipSync(store.objects.get(other)?.bytes ?? '').equals(bytes)).to.equal(true);
    });
  }

  it('does not read an object whose metadata name another archive', async () => {
    putObject('a.events.gz', 'another', { sha256: 'ab'.repeat(32) });
    expect(await ship()).to.include({ key: other });
    expect(store.count('get')).to.equal(0);
  });

  it('does not trust the metadata of an object', async () => {
    putObject('a.events.gz', 'another', { sha256 });
    expect(await ship()).to.include({ key: other });
  });

  it('fails and overwrites nothing if both keys are taken', async () => {
    putObject('a.events.gz', 'another');
    putObject(other, 'one more');
    const error = await rejection(ship());
    expect(error).to.have.property('code', 'ERR_KEY_TAKEN');
    expect(error).to.have.property('message').that.includes(`a.events.gz and ${other}`);
    expect(store.count('put')).to.equal(0);
  });

  it('fails if the store has another number of bytes', async () => {
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

  it('fails if the store did not read the archive to its end', async () => {
    store.put = async (key) => {
      store.objects.set(key, { bytes: Buffer.alloc(0), metadata: {} });
      return { key, bytes: 0, metadata: {}, evidence: null };
    };
    const error = await rejection(ship());
    expect(error).to.include({ operation: 'confirm', transient: true });
    await until(() => files.open === 0);
  });

  it('stores nothing if the file has changed since it was sealed', async () => {
    await appendFile(path, '!');
    expect(await rejection(ship())).to.have.property('code', 'ERR_ARCHIVE_CHANGED');
    expect([...store.objects.keys()]).to.deep.equal([]);
  });

  it("fails with Node's error if the file is gone", async () => {
    await rm(path);
    expect(await rejection(ship())).to.have.property('code', 'ENOENT');
  });

  for (const operation of ['head', 'get']) {
    it(`does not wait for the answer to ${operation} after the signal has aborted`, async () => {
      putObject('a.events.gz', bytes);
      const reason = new Error('no longer wanted');
      store.before = (called) => {
        if (called !== operation) return;
        stopping.abort(reason);
        return new Promise<void>(() => {});
      };
      expect(await rejection(ship())).to.equal(reason);
    });
  }

  it('stops reading back when the signal aborts, and destroys the body', async () => {
    putObject('a.events.gz', bytes);
    const reason = new Error('no longer wanted');
    const body = new Readable({ read: () => stopping.abort(reason) });
    store.get = async () => body;
    expect(await rejection(ship())).to.have.property('cause', reason);
    expect(body.destroyed).to.equal(true);
  });

  it('ignores a failure that comes after the caller has stopped waiting', async () => {
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
