/** A key with more values than this is likely an id: its values are not counted any further. */
const MOST_VALUES = 10_000;

/** More keys than this are not counted: metadata may come from anywhere. */
const MOST_KEYS = 1000;

/** A value of a key, and how many records have it. */
export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

/** How often each value of each metadata key occurs, in memory that has a limit. */
export class ValueCounts {
  /** By key: the counts of its values; null if there are too many. */
  readonly #counts = new Map<string, Map<string, number> | null>();

  add(metadata: Readonly<Record<string, string>>): void {
    for (const key in metadata) this.#addValue(key, metadata[key] ?? '');
  }

  /**
   * The most frequent values of each key, at most `most`, in the order in which keys occurred. A
   * key with too many values has none.
   */
  top(most: number): Map<string, ValueCount[]> {
    const top = new Map<string, ValueCount[]>();
    for (const [key, counts] of this.#counts) {
      const values = [...(counts ?? [])].map(([value, count]) => ({ value, count }));
      top.set(key, values.sort((a, b) => b.count - a.count).slice(0, most));
    }
    return top;
  }

  #addValue(key: string, value: string): void {
    let counts = this.#counts.get(key);
    if (counts === null) return;
    if (counts === undefined) {
      if (this.#counts.size === MOST_KEYS) return;
      counts = new Map();
      this.#counts.set(key, counts);
    }
    const count = counts.get(value);
    if (count === undefined && counts.size === MOST_VALUES) this.#counts.set(key, null);
    else counts.set(value, (count ?? 0) + 1);
  }
}
