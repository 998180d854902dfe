import { addAbortSignal, type Readable } from 'node:stream';

import { StoreError } from '../errors/store-error.js';
import type { Store, UnfinishedUpload } from '../stores/contract/store.js';

/** A store, and the signal that ends all waiting for it. */
export interface StoreContext {
  readonly store: Store;
  readonly signal: AbortSignal;
}

/** Waits for an answer of the store, or until `signal` aborts: a dead store may never answer. */
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

/** Fetches an object's bytes. The stream fails when `signal` aborts. */
export async function fetchObject(key: string, { signal, store }: StoreContext): Promise<Readable> {
  return askStore(async () => {
    const body = await store.get(key);
    // The reader gets the error as well. After an abort there is no reader, and an unhandled
    // 'error' event would end the process.
    body.on('error', () => {});
    return addAbortSignal(signal, body);
  }, signal);
}

/** Lists unfinished uploads whose keys begin with `prefix`; none if the store cannot list them. */
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
