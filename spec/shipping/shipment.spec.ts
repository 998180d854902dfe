import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { ArchiveJournal } from '../../lib/shipping/journal/archive-journal.js';
import type { JournalEntry, JournaledArchive } from '../../lib/shipping/journal/journal-entry.js';
import { KeyTemplate } from '../../lib/shipping/key-template.js';
import { Shipment, type ShipmentContext } from '../../lib/shipping/shipment.js';
import { createCompression } from '../../lib/streams/compression/compression.js';
import { NOW_MICROS } from '../support/encode-archive.js';
import { JOURNALED_OBJECT, journalOf } from '../support/journals.js';
import { MemoryStore, storeError } from '../support/memory-store.js';
import { encodeUnsealed, numbered, TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';
import { systemError, TestDisk } from '../support/test-disk.js';

const KEY = 'a.events.gz';

describe('Shipment', () => {
  const directories = new TemporaryDirectories();
  const bytes = encodeUnsealed(numbered('v', 50));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  let directory: string;
  let path: string;
  let store: MemoryStore;
  let aside: string[];

  beforeEach(async () => {
    directory = await directories.make();
    path = join(directory, 'a.events');
    await writeFile(path, bytes);
    store = new MemoryStore();
    store.hasUploads = true;
    aside = [];
  });

  afterEach(() => directories.remove());

  /** The shipment of an archive that was found in the directory. */
  function find(options: Partial<ShipmentContext> = {}): Shipment {
    const left = { path, name: 'a.events', bytes: bytes.length };
    return Shipment.ofLeft(left, {
      ...{ store, files: nodeFileLayer, keys: new KeyTemplate('[[NAME]]') },
      compression: createCompression({}),
      ...{ arePlainKeysOwn: true, localFile: 'delete', signal: new AbortController().signal },
      onToleratedFailure: (_, operation) => void aside.push(operation),
      ...options,
    });
  }

  async function facts(changes: Partial<JournaledArchive> = {}): Promise<JournaledArchive> {
    const { ino, mtimeMs } = await lstat(path);
    const times = { firstTime: null, lastTime: null, openedAt: 1 };
    return { bytes: bytes.length, sha256, records: 50, ...times, ino, mtimeMs, ...changes };
  }

  /** Ships the archive as an earlier writer that keeps it does, without a journal. */
  async function ship() {
    const shipped = await find({ localFile: 'keep' }).advance();
    await rm(`${path}.journal`);
    return shipped;
  }

  async function note(entry: JournalEntry): Promise<void> {
    await new ArchiveJournal(path, nodeFileLayer).write(entry);
  }

  function expectShipped(): void {
    expect([...store.objects.keys()]).to.deep.equal([KEY]);
    expect(gunzipSync(store.objects.get(KEY)?.bytes ?? '').equals(bytes)).to.equal(true);
    expect(store.uploads).to.deep.equal([]);
    expect(existsSync(path)).to.equal(false);
  }

  it('notes each state before it acts on the state', async () => {
    const states: string[] = [];
    const see = async (when: string) => {
      const entry = await journalOf(path);
      const id =
        entry?.state === 'uploading' ? ` ${entry.upload.key} ${entry.upload.uploadId}` : '';
      states.push(`${when}: ${entry?.state}${id}`);
    };
    store.before = (operation) => see(operation);
    store.beforeComplete = () => see('complete');
    const disk = new TestDisk(async (call, of) => {
      if (call === 'unlink' && of === path) await see('unlink');
    });
    await find({ files: disk.files }).advance();
    expect(states).to.deep.equal([
      'head: sealed',
      `put: uploading ${KEY} upload-1`,
      `complete: uploading ${KEY} upload-1`,
      'unlink: verified',
    ]);
    expectShipped();
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it('deletes in an order in which no power loss can lose the archive', async () => {
    const steps: string[] = [];
    const disk = new TestDisk((call, of) => {
      if (/rename|unlink|syncDirectory/.test(call)) steps.push(`${call} ${of}`);
    });
    await find({ files: disk.files }).advance();
    expect(steps.slice(-5)).to.deep.equal([
      `rename ${path}.journal`,
      `syncDirectory ${directory}`,
      `unlink ${path}`,
      `syncDirectory ${directory}`,
      `unlink ${path}.journal`,
    ]);
  });

  it('leaves a settled journal beside a file that is kept', async () => {
    const shipped = await find({ localFile: 'keep' }).advance();
    expect(await journalOf(path)).to.deep.include({ state: 'settled' });
    expect(await find({ localFile: 'keep' }).claimsKept()).to.equal(true);
    expect(shipped).to.include({ name: 'a.events', sha256, records: 50, evidence: 'checksum' });
    await writeFile(path, 'another');
    expect(await find({ localFile: 'keep' }).claimsKept()).to.equal(false);
  });

  describe('continues from the journal of an earlier writer', () => {
    for (const wrong of [
      { records: 49 },
      { bytes: 5 },
      { firstTime: new Date(8.64e15) },
      { firstTime: new Date(-62_000_000_000_000), lastTime: null },
      { openedAt: 1e300 },
      { ino: 5 },
      { mtimeMs: -1 },
    ]) {
      it(`sealed, with ${JSON.stringify(wrong)}: ships the archive as the file says`, async () => {
        await note({ state: 'sealed', archive: await facts(wrong) });
        const keys = new KeyTemplate('dt=%Y/[[NAME]]');
        expect(await find({ keys }).advance()).to.include({ records: 50, sha256 });
        const year = new Date(NOW_MICROS / 1000).getUTCFullYear();
        expect([...store.objects.keys()]).to.deep.equal([`dt=${year}/${KEY}`]);
      });
    }

    it('sealed, of an archive without times: keeps the time when it was opened', async () => {
      const lines = '{"n":1}\n';
      await writeFile(path, lines);
      const openedAt = Date.UTC(1999, 1, 1);
      await note({ state: 'sealed', archive: await facts({ openedAt, bytes: lines.length }) });
      await find({ keys: new KeyTemplate('dt=%Y/[[NAME]]') }).advance();
      expect([...store.objects.keys()]).to.deep.equal([`dt=1999/${KEY}`]);
    });

    it('uploading: aborts the upload, and sends the archive again', async () => {
      const startedAt = new Date();
      store.uploads.push({ key: KEY, uploadId: 'cut off', startedAt });
      const upload = { store: 'memory', key: KEY, uploadId: 'cut off' };
      await note({ state: 'uploading', archive: await facts(), upload });
      await find().advance();
      expect(store.calls.slice(0, 2)).to.deep.equal([`abort ${KEY} cut off`, `head ${KEY}`]);
      expectShipped();
    });

    it('uploading without an id: aborts the uploads under its own key', async () => {
      store.uploads.push({ key: KEY, uploadId: 'cut off', startedAt: new Date() });
      const upload = { store: 'memory', key: KEY, uploadId: null };
      await note({ state: 'uploading', archive: await facts(), upload });
      const shared = find({ arePlainKeysOwn: false, localFile: 'keep' });
      store.before = (operation) => {
        if (operation === 'put') throw storeError(true);
      };
      await rejection(shared.advance());
      expect(store.uploads.map(({ uploadId }) => uploadId)).to.include('cut off');
      store.before = () => {};
      store.uploads.length = 1;
      await note({ state: 'uploading', archive: await facts(), upload });
      await find().advance();
      expectShipped();
    });

    it('uploading, if the upload was completed: reads the object back', async () => {
      const upload = { store: 'memory', key: KEY, uploadId: 'complete' };
      const first = await find({ localFile: 'keep' }).advance();
      await note({ state: 'uploading', archive: await facts(), upload });
      const { key, storedBytes } = first;
      expect(await find().advance()).to.include({ key, storedBytes, evidence: 'read-back' });
      expect(store.count('put')).to.equal(1);
      expectShipped();
    });

    for (const state of ['verified', 'settled'] as const) {
      it(`${state}: asks the store for the object, reads it, and settles the file`, async () => {
        const { storedBytes } = await ship();
        await note({ state, archive: await facts(), object: { ...JOURNALED_OBJECT, storedBytes } });
        store.calls.length = 0;
        expect(await find().advance()).to.include({ key: KEY, evidence: 'read-back', storedBytes });
        expect(store.calls).to.deep.equal([`head ${KEY}`, `get ${KEY}`]);
        expectShipped();
      });

      it(`${state}, of a file that was copied back: reads the file, and settles it`, async () => {
        const { storedBytes } = await ship();
        await note({ state, archive: await facts(), object: { ...JOURNALED_OBJECT, storedBytes } });
        await copyFile(path, `${path}.copy`);
        await rename(`${path}.copy`, path);
        await find().advance();
        expect(store.count('put')).to.equal(1);
        expectShipped();
      });

      it(`${state}, but the store has nothing: sends the archive`, async () => {
        await note({ state, archive: await facts(), object: JOURNALED_OBJECT });
        expect(await find().advance()).to.include({ evidence: 'checksum' });
        expectShipped();
      });

      it(`${state}, but the object is another archive: sends this one`, async () => {
        const other = gzipSync(encodeUnsealed(['other']));
        store.objects.set('other.gz', { bytes: other, metadata: {} });
        const object = { ...JOURNALED_OBJECT, key: 'other.gz', storedBytes: other.length };
        await note({ state, archive: await facts(), object });
        await find().advance();
        store.objects.delete('other.gz');
        expectShipped();
      });

      it(`${state}, with the digest of another archive that the store has: sends this one`, async () => {
        const other = encodeUnsealed(['other']);
        const stored = gzipSync(other);
        const digest = createHash('sha256').update(other).digest('hex');
        store.objects.set('other.gz', { bytes: stored, metadata: { sha256: digest } });
        const object = { ...JOURNALED_OBJECT, key: 'other.gz', storedBytes: stored.length };
        await note({ state, archive: await facts({ sha256: digest }), object });
        await find().advance();
        store.objects.delete('other.gz');
        expectShipped();
      });

      it(`${state}, under no key of the store: sends the archive`, async () => {
        store.before = (operation, key) => {
          if (operation === 'head' && key === '../x') throw new RangeError('no key');
        };
        const object = { ...JOURNALED_OBJECT, key: '../x' };
        await note({ state, archive: await facts(), object });
        await find().advance();
        expectShipped();
      });

      it(`${state}: deletes nothing while the store does not answer`, async () => {
        await note({ state, archive: await facts(), object: JOURNALED_OBJECT });
        store.before = () => {
          throw storeError(true);
        };
        const shipment = find();
        expect(await rejection(shipment.advance())).to.include({ transient: true });
        expect([existsSync(path), shipment.isVerified]).to.deep.equal([true, false]);
      });
    }

    for (const state of ['sealed', 'uploading'] as const) {
      it(`${state}, with a wrong digest: reads the archive, and ships it`, async () => {
        const archive = await facts({ sha256: 'cd'.repeat(32), records: 7 });
        const upload = { store: 'memory', key: KEY, uploadId: 'cut off' };
        await note(state === 'sealed' ? { state, archive } : { state, archive, upload });
        expect(await find().advance()).to.include({ sha256, records: 50 });
        expectShipped();
        expect(readdirSync(directory)).to.deep.equal([]);
      });
    }

    it('uploading under the key of another archive: leaves that upload alone', async () => {
      const other = { key: 'other.gz', uploadId: 'theirs', startedAt: new Date() };
      store.uploads.push(other);
      const upload = { store: 'memory', key: 'other.gz', uploadId: 'theirs' };
      await note({ state: 'uploading', archive: await facts(), upload });
      await find().advance();
      expect(store.uploads).to.deep.equal([other]);
    });

    for (const [what, change] of [
      ['of another archive', { sha256: 'cd'.repeat(32), ino: 1 }],
      ['of the file before a change', { sha256: 'cd'.repeat(32), mtimeMs: 1 }],
    ] as const) {
      it(`verified, ${what}: sends the archive in the directory`, async () => {
        await note({ state: 'verified', archive: await facts(change), object: JOURNALED_OBJECT });
        await find().advance();
        expectShipped();
      });
    }

    it('verified in another store: sends the archive to this one', async () => {
      const object = { ...JOURNALED_OBJECT, store: 's3://elsewhere' };
      await note({ state: 'verified', archive: await facts(), object });
      await find().advance();
      expectShipped();
    });

    it('damaged: rebuilds the journal from the archive', async () => {
      await writeFile(`${path}.journal`, '{}');
      await find().advance();
      expectShipped();
      expect(readdirSync(directory)).to.deep.equal(['a.events.damaged-1.journal']);
      expect(aside).to.deep.equal([]);
    });
  });

  describe('if the journal cannot be written', () => {
    const failOn = (call: string, code: string, suffix = /\.journal(\.\w+\.part)?$/) =>
      new TestDisk((called, of) => {
        if (called === call && suffix.test(of)) throw systemError(code, call);
      });

    for (const call of ['open', 'write', 'sync', 'rename']) {
      it(`ships without it, and reports nothing if the disk is full (${call})`, async () => {
        const suffix = call === 'rename' ? /journal$/ : /journal.*part$/;
        await find({ files: failOn(call, 'ENOSPC', suffix).files }).advance();
        expectShipped();
        expect([aside, readdirSync(directory)]).to.deep.equal([[], []]);
      });
    }

    it('ships without it, and reports any other failure', async () => {
      await find({ files: failOn('sync', 'EIO').files }).advance();
      expectShipped();
      expect(new Set(aside)).to.deep.equal(new Set(['journal']));
    });

    it('ships without it if it cannot be read either', async () => {
      await note({ state: 'verified', archive: await facts(), object: JOURNALED_OBJECT });
      await find({ files: failOn('open', 'EIO').files }).advance();
      expectShipped();
      expect(aside).to.include('journal');
    });
  });

  describe('if an upload that was cut off cannot be aborted', () => {
    beforeEach(async () => {
      const upload = { store: 'memory', key: KEY, uploadId: 'cut off' };
      await note({ state: 'uploading', archive: await facts(), upload });
    });

    it('fails if another attempt may succeed', async () => {
      store.before = (operation) => {
        if (operation === 'abort') throw storeError(true);
      };
      const shipment = find();
      expect(await rejection(shipment.advance())).to.include({ transient: true });
      store.before = () => {};
      await shipment.advance();
      expectShipped();
    });

    it('ships and reports the failure if no other attempt can succeed', async () => {
      store.before = (operation) => {
        if (operation === 'abort') throw storeError(false, 'AccessDenied');
      };
      await find().advance();
      expectShipped();
      expect(aside).to.deep.equal(['abort-upload']);
    });
  });

  it('aborts the upload of a failed attempt before the next attempt', async () => {
    let failures = 1;
    store.before = (operation) => {
      if (operation === 'put' && failures-- > 0) throw storeError(true);
    };
    const shipment = find();
    await rejection(shipment.advance());
    expect(store.uploads).to.have.length(1);
    await shipment.advance();
    expectShipped();
  });

  it('only settles the file again if that failed', async () => {
    let failures = 1;
    const disk = new TestDisk((call, of) => {
      if (call === 'unlink' && of === path && failures-- > 0) throw systemError('EIO', call);
    });
    const shipment = find({ files: disk.files });
    expect(await rejection(shipment.advance())).to.have.property('code', 'EIO');
    expect(shipment.isVerified).to.equal(true);
    const { calls } = store;
    calls.length = 0;
    await shipment.advance();
    expect(calls).to.deep.equal([]);
    expectShipped();
  });

  it('keeps the journal of an upload whose archive is gone, for the next sweep', async () => {
    store.before = (operation) => {
      if (operation === 'put') throw storeError(true);
    };
    const shipment = find();
    await rejection(shipment.advance());
    await rm(path);
    await shipment.forget();
    expect(readdirSync(directory)).to.deep.equal(['a.events.journal']);
    expect((await readFile(`${path}.journal`, 'utf8')).includes('upload-1')).to.equal(true);
  });
});
