import { Readable } from 'node:stream';

import { expect } from 'chai';

import { listUploads } from '../../../lib/shipping/uploads/list-uploads.js';
import type { UnfinishedUpload } from '../../../lib/stores/contract/store.js';
import { MemoryStore, storeError } from '../../support/memory-store.js';
import { rejection } from '../../support/store-tools.js';

describe('listUploads', () => {
  const { signal } = new AbortController();
  const upload = { key: 'a', uploadId: '1', startedAt: new Date(0) };

  async function list(store: MemoryStore): Promise<UnfinishedUpload[]> {
    return Readable.from(listUploads('', { store, signal })).toArray();
  }

  it('gives what the store lists, or nothing if the store cannot list', async () => {
    const store = new MemoryStore();
    store.uploads.push(upload);
    expect(await list(store)).to.deep.equal([upload]);
    store.listUploads = () => failing(storeError(false, 'NotImplemented'));
    expect(await list(store)).to.deep.equal([]);
  });

  it('fails with any other error of the store', async () => {
    const store = new MemoryStore();
    const failure = storeError(false, 'AccessDenied');
    store.listUploads = () => failing(failure);
    expect(await rejection(list(store))).to.equal(failure);
  });
});

async function* failing(failure: Error): AsyncGenerator<UnfinishedUpload> {
  yield* await Promise.reject<UnfinishedUpload[]>(failure);
}
