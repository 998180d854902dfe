import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { hashObject, holdsArchive } from '../../lib/shipping/read-back.js';
import { MemoryStore, storeError } from '../support/memory-store.js';
import { sealedArchive } from '../support/sealed-archive.js';
import { rejection } from '../support/store-tools.js';

const BYTES = Buffer.alloc(50_000, 'abc');
const ARCHIVE = {
  ...sealedArchive('a.events'),
  bytes: BYTES.length,
  sha256: createHash('sha256').update(BYTES).digest('hex'),
};

describe('reading back', () => {
  const { signal } = new AbortController();
  let store: MemoryStore;

  beforeEach(() => {
    store = new MemoryStore();
  });

  async function holds(
    stored: Buffer,
    metadata: Record<string, string> = {},
    key = 'a.events.gz',
  ): Promise<boolean> {
    store.objects.set(key, { bytes: stored, metadata });
    const object = { key, bytes: stored.length, metadata };
    return holdsArchive(object, ARCHIVE, { store, signal });
  }

  it('recognises an archive by its bytes, at any level of compression', async () => {
    expect(await holds(gzipSync(BYTES, { level: 1 }))).to.equal(true);
    expect(await holds(gzipSync(BYTES, { level: 9 }), { sha256: ARCHIVE.sha256 })).to.equal(true);
  });

  it('refuses all other bytes, whatever their metadata claim', async () => {
    const { sha256 } = ARCHIVE;
    const torn = gzipSync(BYTES).subarray(0, -1);
    for (const stored of [torn, BYTES, gzipSync(BYTES.subarray(1)), Buffer.alloc(0)]) {
      expect(await holds(stored, { sha256 })).to.equal(false);
    }
    const calls = store.count('get');
    expect(await holds(gzipSync(BYTES), { sha256: 'ab'.repeat(32) })).to.equal(false);
    expect(store.count('get')).to.equal(calls);
  });

  it('expects what the key says: compressed bytes, or those of the archive', async () => {
    expect(await holds(BYTES, {}, 'a.events')).to.equal(true);
    expect(await holds(gzipSync(BYTES), {}, 'a.events')).to.equal(false);
  });

  it('fails if the store fails, which proves nothing about the object', async () => {
    store.before = () => {
      throw storeError(true);
    };
    expect(await rejection(holds(gzipSync(BYTES)))).to.include({ transient: true });
  });

  it('hashes the bytes as stored', async () => {
    store.objects.set('a', { bytes: BYTES, metadata: {} });
    expect(await hashObject('a', BYTES.length, { store, signal })).to.equal(ARCHIVE.sha256);
  });
});
