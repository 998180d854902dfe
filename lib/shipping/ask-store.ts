import { addAbortSignal, type Readable } from 'node:stream';

import type { Store } from '../storage/store.js';

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
export async function fetchObject(
  store: Store,
  key: string,
  signal: AbortSignal,
): Promise<Readable> {
  return askStore(async () => {
    const body = await store.get(key);
    // Whoever reads it is told; after an abort nobody does.
    body.on('error', () => {});
    return addAbortSignal(signal, body);
  }, signal);
}
