/** Counts the sealed archives of a writer, for those who wait for one of them. */
export class SealCount {
  #sealed = 0;
  #hasEnded = false;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  /** One more is sealed. */
  add(): void {
    this.#sealed++;
    this.#settle();
  }

  /** No more are sealed: nobody waits in vain. */
  end(): void {
    this.#hasEnded = true;
    this.#settle();
  }

  /** Settles when there are `count`, or no more come. */
  async reach(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push({ count, resolve });
      this.#settle();
    });
  }

  #settle(): void {
    const isMet = (count: number) => this.#hasEnded || this.#sealed >= count;
    for (const { count, resolve } of this.#waiting) if (isMet(count)) resolve();
    this.#waiting = this.#waiting.filter(({ count }) => !isMet(count));
  }
}
