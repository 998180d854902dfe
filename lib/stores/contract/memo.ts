/** Memoises an async result. Does not keep a failure: the next call tries again. */
export class Memo<T> {
  readonly #attempt: () => Promise<T>;
  #result: Promise<T> | undefined;

  constructor(attempt: () => Promise<T>) {
    this.#attempt = attempt;
  }

  async result(): Promise<T> {
    this.#result ??= this.#attempt();
    const result = this.#result;
    try {
      return await result;
    } catch (error) {
      if (this.#result === result) this.#result = undefined;
      throw error;
    }
  }
}
