import type { ArchiveRecord } from '../../codec/records/archive-record.js';

interface TimedRecord {
  readonly record: ArchiveRecord;
  /** The latest time of its writer so far; -Infinity without one. */
  readonly micros: number;
}

/** So many more records than wanted are kept before the earliest of them are dropped. */
const SLACK_RECORDS = 64;

/**
 * Keeps the last records of those that it is given: the latest by time, where each writer keeps its
 * own order. Records without a time come first.
 */
export class LastRecords {
  readonly #most: number;
  readonly #latest = new Map<string, number>();
  #kept: TimedRecord[] = [];

  /** @param most how many records to keep */
  constructor(most: number) {
    this.#most = most;
  }

  add(record: ArchiveRecord): void {
    const { timeMicros = Number.NEGATIVE_INFINITY, writer = '' } = record;
    const micros = Math.max(this.#latest.get(writer) ?? Number.NEGATIVE_INFINITY, timeMicros);
    this.#latest.set(writer, micros);
    if (this.#most === 0) return;
    this.#kept.push({ record, micros });
    if (this.#kept.length >= 2 * this.#most + SLACK_RECORDS) this.#drop();
  }

  /** How many of the kept records are of this time or later. */
  countSince(micros: number): number {
    this.#drop();
    return this.#kept.filter((kept) => kept.micros >= micros).length;
  }

  /** In their order; copies, which keep no block in memory. */
  take(): ArchiveRecord[] {
    this.#drop();
    return this.#kept.map(({ record }) => record.copy());
  }

  #drop(): void {
    // The sort is stable, so records of one time stay as they came.
    this.#kept.sort((a, b) => compare(a.micros, b.micros));
    this.#kept = this.#kept.slice(Math.max(this.#kept.length - this.#most, 0));
  }
}

/** Not by a difference: that of two infinities is no number. */
function compare(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
