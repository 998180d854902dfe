import { addAbortSignal, type Readable } from 'node:stream';

import { StoreError } from '../errors/store-error.js';
import type { Store, UnfinishedUpload } from '../stores/contract/store.js';

/** A store that is asked, and until when. */
export interface StoreContext {
  readonly store: Store;
  readonly signal: AbortSignal;
}

/** What a store answers, unless `signal` aborts first: a dead one may take minutes, or for ever. */
export async function askStore<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([ask(), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The bytes of an object, which end with an error when `signal` aborts. */
export async function fetchObject(key: string, { signal, store }: StoreContext): Promise<Readable> {
  return askStore(async () => {
    const body = await store.get(key);
    // Whoever reads it is told; after an abort nobody does.
    body.on('error', () => {});
    return addAbortSignal(signal, body);
  }, signal);
}

/** The unfinished uploads whose keys begin with `prefix`; none where the store knows of no such thing. */
export async function* listUploads(
  prefix: string,
  { signal, store }: StoreContext,
): AsyncGenerator<UnfinishedUpload> {
  const uploads = store.listUploads?.(prefix)[Symbol.asyncIterator]();
  if (uploads === undefined) return;
  try {
    for (;;) {
      const { done, value } = await askStore(() => uploads.next(), signal);
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (!(error instanceof StoreError) || error.storeCode !== 'NotImplemented') throw error;
  }
}
