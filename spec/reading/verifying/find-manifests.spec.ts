import { expect } from 'chai';

import { findManifests } from '../../../lib/reading/verifying/find-manifests.js';
import { sortPatterns } from '../../../lib/series/listing/series-patterns.js';
import { MemoryStore } from '../../support/memory-store.js';

describe('findManifests', () => {
  const never = new AbortController().signal;

  function createStore(files: Readonly<Record<string, number>>): MemoryStore {
    const store = new MemoryStore();
    for (const [key, length] of Object.entries(files)) {
      store.objects.set(key, { bytes: Buffer.alloc(length, 'x'), metadata: {} });
    }
    return store;
  }

  it('reads one manifest at a time, because together they may be larger than the memory', async () => {
    const store = createStore({
      ...{ 'dt=1/manifest-a-1.json': 9, 'dt=1/manifest-a-1.json.sig': 64 },
      ...{ 'dt=1/manifest-a-2.json': 9, 'dt=1/x.events.gz': 9, 'dt=2/y.events.gz': 9 },
    });
    const patterns = sortPatterns({ store, pattern: '**' });
    const { manifests, objects } = await findManifests(patterns, never);
    expect([...objects.keys()]).to.deep.equal(['memory/dt=1/x.events.gz']);
    const seen: unknown[] = [];
    for await (const { bytes, key, signature } of manifests) {
      seen.push([key, bytes?.length, signature?.length, store.count('get')]);
    }
    expect(seen).to.deep.equal([
      ['dt=1/manifest-a-1.json', 9, 64, 2],
      ['dt=1/manifest-a-2.json', 9, undefined, 3],
    ]);
  });

  it('reads no file that is too long for a manifest, or as long as no signature is', async () => {
    const store = createStore({ 'manifest-a-1.json': 9, 'manifest-a-1.json.sig': 65 });
    store.objects.set('manifest-a-2.json', {
      bytes: Buffer.alloc(64 * 2 ** 20 + 1),
      metadata: {},
    });
    const { manifests } = await findManifests(sortPatterns({ store, pattern: '**' }), never);
    const seen: unknown[] = [];
    for await (const { bytes, signature } of manifests) {
      seen.push([bytes?.length, signature?.length]);
    }
    expect(seen).to.deep.equal([
      [9, 0],
      [undefined, undefined],
    ]);
    expect(store.count('get')).to.equal(1);
  });
});
