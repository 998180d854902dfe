import { compareNames, compareNamesOnly } from '../names/compare-names.js';
import type { ArchiveHead, SequenceStart } from './archive-head.js';
import { chainByNames, type NamedArchive } from './name-chains.js';
import { PriorityQueue } from './priority-queue.js';
import type { Turn } from './writer-turns.js';

/** Archives whose heads were not read yet, in the order of their names. */
interface Chain {
  /** In reverse order. */
  left: NamedArchive[];
  /** The highest first sequence of those that were read. */
  lastSequence: number;
  /** The earliest time of the last one that was read. */
  lastMicros: number;
  /** Another chain of the same writer, from an earlier listing. */
  readonly older: Chain | undefined;
}

/** The next archive of a chain. */
interface Due {
  readonly chain: Chain;
  readonly named: NamedArchive;
  /** The time in its name, or that of the archive before it. */
  readonly micros: number;
}

/** An archive whose head is read now. */
export interface Scheduled {
  readonly named: NamedArchive;
  readonly chain: Chain | undefined;
}

/**
 * Decides whose head is read next, by what names say and as long as heads agree with it.
 *
 * It reads archives first whose names give no order, for they may belong anywhere. The others
 * wait until they may be due: until the time in their name, or after the archive before them. If a head
 * contradicts the names of its chain, the heads of the whole chain are read at once.
 */
export class HeadSchedule {
  /** Those before `#unclearTaken` were taken. */
  readonly #unclear: NamedArchive[] = [];
  #unclearTaken = 0;
  /** The latest of each writer in the names; of '' for names with only a time. */
  readonly #chains = new Map<string, Chain>();
  /** May hold entries that are no longer the next ones of their chains. */
  #due = new PriorityQueue(compareDue);
  /** What archives in chains hold, by the heads that were read. */
  #content: 'unknown' | 'sequenced' | 'unsequenced' = 'unknown';
  /**
   * Names may say later times than the first records: records may be given their times, and names
   * may be in local time. Twice the largest difference that was met.
   */
  #slackMicros = 0;

  /** Whether all heads were read. */
  get isEmpty(): boolean {
    return this.#unclearTaken >= this.#unclear.length && this.#nextDue() === undefined;
  }

  add(archives: NamedArchive[]): void {
    const { chains, unclear } = chainByNames(archives);
    for (const named of unclear) this.#unclear.push(named);
    for (const { archives: left, writer } of chains) {
      const chain = newChain(left.reverse(), this.#chains.get(writer));
      this.#chains.set(writer, chain);
      this.#enqueue(chain);
    }
  }

  /** An archive whose head must be read before any other archive can be given. */
  takeUnclear(): Scheduled | undefined {
    const named = this.#unclear[this.#unclearTaken++];
    if (named !== undefined) return { named, chain: undefined };
    this.#unclear.length = 0;
    this.#unclearTaken = 0;
    return undefined;
  }

  takeDue(): Scheduled | undefined {
    const due = this.#nextDue();
    return due === undefined ? undefined : this.#take(due.chain);
  }

  /** An archive that may come before another one without sequences. */
  takeBeforeUnsequenced(other: NamedArchive): Scheduled | undefined {
    const due = this.#nextDue();
    if (due === undefined || this.#content === 'sequenced') return undefined;
    const isLater = this.#content === 'unsequenced' && compareNamesOnly(due.named, other) > 0;
    return isLater ? undefined : this.#take(due.chain);
  }

  /** An archive that may come before one whose turn it would be. */
  takeBefore({ sequenced, turnMicros }: Turn): Scheduled | undefined {
    const due = this.#nextDue();
    if (due === undefined) return undefined;
    if (this.#content !== 'sequenced' || due.micros - this.#slackMicros <= turnMicros) {
      return this.#take(due.chain);
    }
    const { sequence, writer } = sequenced.start;
    for (let own = this.#chains.get(writer); own !== undefined; own = own.older) {
      if (own.left.length > 0 && own.lastSequence < sequence) return this.#take(own);
    }
    return undefined;
  }

  /**
   * Takes account of a head. Call this for each archive that was taken.
   *
   * @param head undefined if the archive vanished
   * @param highest the highest first sequence of the writer before it
   */
  note({ chain, named }: Scheduled, head: ArchiveHead | undefined, highest: number): void {
    if (chain === undefined) return;
    if (head?.kind === 'unsequenced') this.#noteUnsequenced();
    if (head?.kind === 'sequenced') this.#noteStart(chain, named, head.start, highest);
    this.#enqueue(chain);
  }

  #noteStart(chain: Chain, named: NamedArchive, start: SequenceStart, highest: number): void {
    const { clue } = named;
    if (this.#content === 'unsequenced') return;
    this.#content = 'sequenced';
    const { earliestMicros, sequence } = start;
    if (clue?.period !== undefined) {
      const lagMicros = clue.period.startMicros - earliestMicros;
      this.#slackMicros = Math.max(this.#slackMicros, 2 * lagMicros);
    }
    const writer = clue?.writer ?? start.writer;
    const before = clue?.writer === undefined ? highest : chain.lastSequence;
    chain.lastSequence = Math.max(chain.lastSequence, sequence);
    chain.lastMicros = Math.max(chain.lastMicros, earliestMicros);
    if (writer !== start.writer || sequence < before) this.#distrust(chain);
  }

  /** Archives without sequences go by their names alone, and before all others. */
  #noteUnsequenced(): void {
    const chains = this.#allChains();
    if (this.#content === 'sequenced') for (const chain of chains) this.#distrust(chain);
    if (this.#content !== 'unknown') return;
    this.#content = 'unsequenced';
    const left = chains.flatMap((chain) => chain.left.splice(0)).sort(compareNames);
    this.#chains.clear();
    this.#due = new PriorityQueue(compareDue);
    this.#enqueue(newChain(left.reverse(), undefined));
  }

  /** Reads the heads of a whole chain, because they are not in the order of its names. */
  #distrust(chain: Chain): void {
    for (const named of chain.left) this.#unclear.push(named);
    chain.left = [];
  }

  #allChains(): Chain[] {
    const chains: Chain[] = [];
    for (const latest of this.#chains.values()) {
      for (let chain: Chain | undefined = latest; chain !== undefined; chain = chain.older) {
        chains.push(chain);
      }
    }
    return chains;
  }

  #take(chain: Chain): Scheduled | undefined {
    const named = chain.left.pop();
    return named === undefined ? undefined : { named, chain };
  }

  /** Puts a chain where its next archive is due. */
  #enqueue(chain: Chain): void {
    const named = chain.left.at(-1);
    if (named === undefined) return;
    this.#due.push({ chain, named, micros: named.clue?.period?.startMicros ?? chain.lastMicros });
  }

  #nextDue(): Due | undefined {
    for (;;) {
      const due = this.#due.peek();
      if (due === undefined || due.chain.left.at(-1) === due.named) return due;
      this.#due.pop();
    }
  }
}

function newChain(left: NamedArchive[], older: Chain | undefined): Chain {
  return { left, lastSequence: -1, lastMicros: Number.NEGATIVE_INFINITY, older };
}

function compareDue(a: Due, b: Due): number {
  // Not a difference: that of two infinite times is NaN, with which no queue is in order.
  if (a.micros === b.micros) return 0;
  return a.micros < b.micros ? -1 : 1;
}
