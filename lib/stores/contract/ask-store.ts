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
  const patience = new Patience(signal);
  try {
    return await patience.wait(ask({ signal }));
  } finally {
    patience.end();
  }
}

/** Gives what a store lists, until `signal` aborts. */
export async function* askForEach<T>(
  list: (options: Required<StoreRequestOptions>) => AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  signal.throwIfAborted();
  const entries = list({ signal })[Symbol.asyncIterator]();
  const patience = new Patience(signal);
  let isUnderWay = true;
  try {
    for (;;) {
      const next = await patience.wait(entries.next());
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
    patience.end();
    // After an abort, `return` would wait for a `next` that may never settle.
    if (isUnderWay) await entries.return?.();
  }
}

/** Waits for one answer at a time until a signal aborts, with one listener for all of them. */
class Patience {
  readonly #signal: AbortSignal;
  #reject: ((reason: unknown) => void) | undefined;
  readonly #abort = (): void => this.#reject?.(this.#signal.reason);

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#abort);
  }

  async wait<T>(answer: Promise<T>): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      answer.then(resolve, reject);
      // It may have aborted while the caller used the answer before.
      if (this.#signal.aborted) this.#abort();
    });
  }

  end(): void {
    this.#signal.removeEventListener('abort', this.#abort);
  }
}
