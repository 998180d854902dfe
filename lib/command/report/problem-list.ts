import type { ArchiveRecord, SequenceGap } from '../../index.js';

/** How many problems the page lists. */
const MOST_PROBLEMS = 1000;

/** How many archives' blocks are remembered: the one that is read, and some before it. */
const KEPT_ARCHIVES = 4;

/** Damaged bytes, or records that are missing. */
export interface ReportProblem {
  readonly kind: 'damage' | 'gap';
  readonly archive: string;
  readonly message: string;
  /** The time of the last record before it, in ms; null if there was none. */
  readonly timeMs: number | null;
}

/** A time, and what came just after it: the next sequence, or the byte where a block begins. */
interface Mark {
  readonly at: number;
  readonly timeMs: number | null;
}

/**
 * The problems of a series. A reader reports damage and gaps some time after it has emitted the
 * records around them, so the times of these records are remembered.
 */
export class ProblemList {
  readonly problems: ReportProblem[] = [];
  /** How many problems are not listed. */
  more = 0;
  #timeMs: number | null = null;
  /** For each writer the sequence that comes next. */
  readonly #next = new Map<string, Mark>();
  /** For each writer where its sequences jump. */
  readonly #jumps = new Map<string, Mark[]>();
  /** For each of the last archives its blocks, with the times before them. */
  readonly #blocks = new Map<string, Mark[]>();

  addDamage(archive: string, begin: number, end: number, reason: string): void {
    const message = `bytes ${begin} to ${end} are damaged: ${reason}`;
    const timeMs = this.#timeOf(this.#blocks.get(archive)?.find(({ at }) => at >= begin));
    this.#add({ kind: 'damage', archive, message, timeMs });
  }

  addGap({ from, to, writer }: SequenceGap): void {
    const message = `records ${from} to ${to - 1} of writer ${writer} are missing`;
    const timeMs = this.#timeOf(this.#jumps.get(writer)?.find(({ at }) => at === from));
    this.#add({ kind: 'gap', archive: '', message, timeMs });
  }

  /** Takes the next record. */
  pass({ archive, offset, sequence, timeMicros, writer }: ArchiveRecord): void {
    const before = this.#timeMs;
    if (timeMicros !== undefined) this.#timeMs = timeMicros / 1000;
    if (archive !== undefined && offset !== undefined) this.#passBlock(archive, offset, before);
    if (writer !== undefined && sequence !== undefined) this.#passSequence(writer, sequence);
  }

  #passBlock(archive: string, offset: number, timeMs: number | null): void {
    const blocks = this.#blocks.get(archive);
    if (blocks === undefined) {
      this.#blocks.set(archive, [{ at: offset, timeMs }]);
      const [oldest] = this.#blocks.keys();
      if (this.#blocks.size > KEPT_ARCHIVES && oldest !== undefined) this.#blocks.delete(oldest);
    } else if (blocks.at(-1)?.at !== offset) {
      blocks.push({ at: offset, timeMs });
    }
  }

  #passSequence(writer: string, sequence: number): void {
    const next = this.#next.get(writer);
    if (next !== undefined && sequence > next.at) {
      const jumps = this.#jumps.get(writer) ?? [];
      // Later ones would not be listed.
      if (jumps.length < MOST_PROBLEMS) this.#jumps.set(writer, [...jumps, next]);
    }
    this.#next.set(writer, { at: sequence + 1, timeMs: this.#timeMs });
  }

  /** The time before a place that was passed, otherwise of the last record. */
  #timeOf(mark: Mark | undefined): number | null {
    return mark === undefined ? this.#timeMs : mark.timeMs;
  }

  #add(problem: ReportProblem): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(problem);
    else this.more++;
  }
}
