import { askStore } from './ask-store.js';

/** An attempt that callers wait for. */
interface Attempt<T> {
  readonly result: Promise<T>;
  readonly ending: AbortController;
  waiting: number;
  isOver: boolean;
}

/**
 * Memoises an async result. Does not keep a failure: the next call tries again. The signal of the
 * attempt aborts when no caller waits for it any more.
 */
export class Memo<T> {
  readonly #try: (signal: AbortSignal) => Promise<T>;
  #attempt: Attempt<T> | undefined;

  constructor(attempt: (signal: AbortSignal) => Promise<T>) {
    this.#try = attempt;
  }

  /** @param signal ends the wait of this caller */
  async result(signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    this.#attempt ??= this.#begin();
    const attempt = this.#attempt;
    attempt.waiting++;
    try {
      return await (signal === undefined ? attempt.result : askStore(() => attempt.result, signal));
    } finally {
      attempt.waiting--;
      if (attempt.waiting === 0 && !attempt.isOver) {
        this.#forget(attempt);
        attempt.ending.abort(signal?.reason);
      }
    }
  }

  #begin(): Attempt<T> {
    const ending = new AbortController();
    const attempt = { result: this.#try(ending.signal), ending, waiting: 0, isOver: false };
    const end = () => {
      attempt.isOver = true;
    };
    attempt.result.then(end, () => {
      end();
      this.#forget(attempt);
    });
    return attempt;
  }

  #forget(attempt: Attempt<T>): void {
    if (this.#attempt === attempt) this.#attempt = undefined;
  }
}
