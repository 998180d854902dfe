/** What was found out once is known from then on; a failure is not: then it is tried again. */
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
