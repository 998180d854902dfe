/**
 * The entries of an index, in the order they are added. Once there are `maxEntries`, neighbours
 * merge in pairs and later entries cover twice as many runs, so that no archive makes its index
 * larger.
 */
export class BoundedEntries<Entry> {
  readonly #maxEntries: number;
  readonly #merge: (first: Entry, second: Entry) => Entry;
  #entries: Entry[] = [];
  /** How many added entries one entry covers. */
  #runsPerEntry = 1;
  #runsInLast = 0;

  /** @param merge makes one entry of two neighbours */
  constructor(maxEntries: number, merge: (first: Entry, second: Entry) => Entry) {
    this.#maxEntries = maxEntries;
    this.#merge = merge;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  add(entry: Entry): void {
    const last = this.#entries.at(-1);
    if (last !== undefined && this.#runsInLast < this.#runsPerEntry) {
      this.#entries[this.#entries.length - 1] = this.#merge(last, entry);
      this.#runsInLast++;
      return;
    }
    if (this.#entries.length === this.#maxEntries) this.halve();
    this.#entries.push(entry);
    this.#runsInLast = 1;
  }

  /** Replaces each entry by another one of the same runs. */
  replaceAll(replace: (entry: Entry) => Entry): void {
    this.#entries = this.#entries.map(replace);
  }

  /** Merges neighbours in pairs. Later entries cover twice as many runs. */
  halve(): void {
    const halved: Entry[] = [];
    for (let i = 0; i < this.#entries.length; i += 2) {
      const [first, second] = this.#entries.slice(i, i + 2) as [Entry, Entry?];
      halved.push(second === undefined ? first : this.#merge(first, second));
    }
    this.#entries = halved;
    this.#runsPerEntry *= 2;
  }
}
