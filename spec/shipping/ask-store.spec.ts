import { Readable } from 'node:stream';

import { expect } from 'chai';

import { askStore, fetchObject, listUploads } from '../../lib/shipping/ask-store.js';
import type { UnfinishedUpload } from '../../lib/stores/contract/store.js';
import { MemoryStore, storeError } from '../support/memory-store.js';
import { rejection } from '../support/store-tools.js';

const REASON = new Error('no longer wanted');

describe('askStore', () => {
  it('settles as the store answers', async () => {
    const { signal } = new AbortController();
    expect(await askStore(async () => 7, signal)).to.equal(7);
    const failure = storeError(true);
    expect(await rejection(askStore(() => Promise.reject(failure), signal))).to.equal(failure);
  });

  it('rejects when the signal aborts, and asks nothing after that', async () => {
    const controller = new AbortController();
    const asked = rejection(askStore(() => new Promise(() => {}), controller.signal));
    controller.abort(REASON);
    expect(await asked).to.equal(REASON);
    let asks = 0;
    const late = askStore(async () => asks++, controller.signal);
    expect([await rejection(late), asks]).to.deep.equal([REASON, 0]);
  });
});

describe('fetchObject', () => {
  it('fails the body when the signal aborts', async () => {
    const controller = new AbortController();
    const store = new MemoryStore();
    store.get = async () => new Readable({ read: () => controller.abort(REASON) });
    const body = await fetchObject('a', { store, signal: controller.signal });
    expect(await rejection(body.toArray())).to.have.property('cause', REASON);
  });
});

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
