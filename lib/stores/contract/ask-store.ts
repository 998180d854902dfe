import type { StoreRequestOptions } from './store.js';

/**
 * Waits for an answer of a store, or until `signal` aborts: a store may ignore its signal, and a
 * dead one may never answer.
 *
 * @throws what `ask` rejects with, or the signal's reason
 */
export async function askStore<T>(
  ask: (options: Required<StoreRequestOptions>) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([ask({ signal }), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Gives what a store lists, until `signal` aborts. */
export async function* askForEach<T>(
  list: (options: Required<StoreRequestOptions>) => AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  signal.throwIfAborted();
  const entries = list({ signal })[Symbol.asyncIterator]();
  let isUnderWay = true;
  try {
    for (;;) {
      const next = await askStore(() => entries.next(), signal);
      if (next.done) {
        isUnderWay = false;
        return;
      }
      yield next.value;
    }
  } catch (error) {
    isUnderWay = false;
    throw error;
  } finally {
    // After an abort, `return` would wait for a `next` that may never settle.
    if (isUnderWay) await entries.return?.();
  }
}
