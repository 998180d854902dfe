/** Steps that a timeline may have: a minute, an hour, a day, four weeks, and so on. */
const STEPS_MS = [60_000, 3_600_000, 86_400_000, 2_419_200_000, 31_536_000_000];

/** More intervals than this become intervals of the next step. */
const MOST_INTERVALS = 10_000;

/** How many records have a time in an interval. */
export interface Interval {
  readonly begin: Date;
  readonly records: number;
}

/** Counts records per hour, or per longer interval where a series is too long for that. */
export class Timeline {
  #stepMs: number;
  #counts = new Map<number, number>();

  /** @param stepMs the shortest interval, a minute or an hour */
  constructor(stepMs = 3_600_000) {
    this.#stepMs = stepMs;
  }

  /** The length of an interval. */
  get stepMs(): number {
    return this.#stepMs;
  }

  add(timeMs: number): void {
    const interval = Math.floor(timeMs / this.#stepMs);
    const count = this.#counts.get(interval);
    if (count === undefined && this.#counts.size === MOST_INTERVALS) {
      this.#widen();
      this.add(timeMs);
    } else {
      this.#counts.set(interval, (count ?? 0) + 1);
    }
  }

  /** The intervals that hold records, in ascending order. */
  intervals(): Interval[] {
    return [...this.#counts]
      .sort(([a], [b]) => a - b)
      .map(([interval, records]) => ({ begin: new Date(interval * this.#stepMs), records }));
  }

  #widen(): void {
    const before = this.#counts;
    const stepMs = STEPS_MS.find((step) => step > this.#stepMs) ?? this.#stepMs * 10;
    this.#counts = new Map();
    for (const [interval, records] of before) {
      const wider = Math.floor((interval * this.#stepMs) / stepMs);
      this.#counts.set(wider, (this.#counts.get(wider) ?? 0) + records);
    }
    this.#stepMs = stepMs;
  }
}
