import { ArchiveError } from '../../errors/archive-error.js';
import { compareNames } from '../names/compare-names.js';
import type { SequenceStart } from './archive-head.js';
import type { NamedArchive } from './name-chains.js';
import { PriorityQueue } from './priority-queue.js';

/** An archive whose first block was read. */
export interface SequencedArchive {
  readonly named: NamedArchive;
  readonly start: SequenceStart;
}

/** The next archive of a writer. */
export interface Turn {
  readonly sequenced: SequencedArchive;
  /**
   * The latest of the earliest times of its writer's archives up to it: it cannot come before an
   * earlier archive of its writer.
   */
  readonly turnMicros: number;
}

interface WriterState {
  readonly waiting: PriorityQueue<SequencedArchive>;
  /** The given archive with the highest first sequence. */
  given: Turn | undefined;
  /** The latest of the earliest times of those that were given. */
  givenMicros: number;
  /** The highest first sequence of all that were added. */
  highest: number;
}

/**
 * Merges the archives of several writers: those of one writer by sequence, and writers by the
 * earliest time of each one's next archive.
 */
export class WriterTurns {
  readonly #writers = new Map<string, WriterState>();
  /** May hold turns of archives that an earlier one of their writer has preceded since. */
  readonly #turns = new PriorityQueue<Turn>(compareTurns);
  #lastGiven: Turn | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether any archive was given. */
  get hasBegun(): boolean {
    return this.#lastGiven !== undefined;
  }

  /** The highest first sequence of a writer's archives so far; -1 without any. */
  highestOf(writer: string): number {
    return this.#writers.get(writer)?.highest ?? -1;
  }

  add(sequenced: SequencedArchive): void {
    const { sequence, writer } = sequenced.start;
    let state = this.#writers.get(writer);
    if (state === undefined) {
      const waiting = new PriorityQueue(compareSequences);
      state = { waiting, given: undefined, givenMicros: Number.NEGATIVE_INFINITY, highest: -1 };
      this.#writers.set(writer, state);
    }
    state.waiting.push(sequenced);
    state.highest = Math.max(state.highest, sequence);
    this.#size++;
    if (state.waiting.peek() === sequenced) this.#noteNext(state);
  }

  /** The next archive in the order of those that were added. */
  peek(): Turn | undefined {
    for (;;) {
      const turn = this.#turns.peek();
      if (turn === undefined) return undefined;
      const state = this.#writers.get(turn.sequenced.start.writer);
      const isNext = state?.waiting.peek() === turn.sequenced;
      if (isNext && turnOf(turn.sequenced, state) === turn.turnMicros) return turn;
      this.#turns.pop();
    }
  }

  /** Takes the archive that `peek` returned. */
  take(): void {
    const turn = this.peek();
    const state = turn && this.#writers.get(turn.sequenced.start.writer);
    if (turn === undefined || state === undefined) return;
    this.#turns.pop();
    state.waiting.pop();
    this.#size--;
    if (!isBefore(turn, this.#lastGiven)) this.#lastGiven = turn;
    if (state.given === undefined || !isEarlier(turn, state.given)) state.given = turn;
    state.givenMicros = turn.turnMicros;
    this.#noteNext(state);
  }

  /**
   * The error of an archive that should have come before another one that was given; undefined if
   * it is in order.
   */
  misplaced(turn: Turn): ArchiveError | undefined {
    const { start } = turn.sequenced;
    const given = this.#writers.get(start.writer)?.given;
    if (given !== undefined && isEarlier(turn, given)) {
      const { sequence } = given.sequenced.start;
      const found = `record ${start.sequence} of writer ${start.writer}`;
      return misplacedError(turn, given, `begins with ${found}`, `begins with record ${sequence}`);
    }
    if (this.#lastGiven === undefined || !isBefore(turn, this.#lastGiven)) return undefined;
    const times = [turn, this.#lastGiven].map(({ turnMicros }) => timeText(turnMicros));
    return misplacedError(turn, this.#lastGiven, `begins at ${times[0]}`, `begins at ${times[1]}`);
  }

  #noteNext(state: WriterState): void {
    const sequenced = state.waiting.peek();
    if (sequenced === undefined) return;
    this.#turns.push({ sequenced, turnMicros: turnOf(sequenced, state) });
  }
}

function turnOf({ start }: SequencedArchive, { givenMicros }: WriterState): number {
  return Math.max(givenMicros, start.earliestMicros);
}

/** The error of an archive whose head contradicts the order of names. */
export function orderError(problem: string): ArchiveError {
  return new ArchiveError('ERR_ARCHIVE_ORDER', `${problem}: read with order: 'time'`);
}

function misplacedError(turn: Turn, given: Turn, found: string, expected: string): ArchiveError {
  const [path, before] = [turn, given].map(({ sequenced }) => sequenced.named.path);
  return orderError(
    `archive ${path} ${found}, but the names put it after ${before}, which ${expected}`,
  );
}

function isEarlier(one: Turn, other: Turn): boolean {
  return one.sequenced.start.sequence < other.sequenced.start.sequence;
}

function isBefore(one: Turn, other: Turn | undefined): boolean {
  return other !== undefined && one.turnMicros < other.turnMicros;
}

function timeText(micros: number): string {
  return new Date(Math.floor(micros / 1000)).toISOString();
}

function compareTurns(a: Turn, b: Turn): number {
  return (
    a.turnMicros - b.turnMicros ||
    compareText(a.sequenced.start.writer, b.sequenced.start.writer) ||
    compareSequences(a.sequenced, b.sequenced)
  );
}

function compareSequences(a: SequencedArchive, b: SequencedArchive): number {
  return a.start.sequence - b.start.sequence || compareNames(a.named, b.named);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
