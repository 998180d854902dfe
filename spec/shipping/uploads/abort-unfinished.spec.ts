import { expect } from 'chai';

import { abortUnfinished } from '../../../lib/shipping/uploads/abort-unfinished.js';
import { MemoryStore, storeError } from '../../support/memory-store.js';
import { rejection } from '../../support/store-tools.js';

describe('abortUnfinished', () => {
  const { signal } = new AbortController();
  let store: MemoryStore;

  beforeEach(() => {
    store = new MemoryStore();
    for (const [key, uploadId] of [
      ['a.gz', '1'],
      ['a.gz', '2'],
      ['a.gz.gz', '3'],
    ] as const) {
      store.uploads.push({ key, uploadId, startedAt: new Date() });
    }
  });

  async function abort(uploadId: string | null, isKeyOwn: boolean): Promise<string[]> {
    const upload = { store: 'memory', key: 'a.gz', uploadId };
    await abortUnfinished(upload, isKeyOwn, { store, signal });
    return store.uploads.map((left) => left.uploadId);
  }

  it('aborts an upload by its id', async () => {
    expect(await abort('2', false)).to.deep.equal(['1', '3']);
  });

  for (const code of ['NoSuchUpload', 'NoSuchKey']) {
    it(`succeeds if the store answers ${code}: nothing is left of the upload`, async () => {
      store.before = () => {
        throw storeError(false, code);
      };
      expect(await abort('2', false)).to.have.length(3);
    });
  }

  it('fails with any other error of the store, such as a missing bucket', async () => {
    const failure = storeError(false, 'NoSuchBucket');
    store.before = () => {
      throw failure;
    };
    expect(await rejection(abort('2', false))).to.equal(failure);
  });

  it('aborts all uploads of exactly this key if the id is unknown', async () => {
    expect(await abort(null, true)).to.deep.equal(['3']);
  });

  it('aborts nothing without an id if another host may be using the key', async () => {
    expect(await abort(null, false)).to.deep.equal(['1', '2', '3']);
  });
});
