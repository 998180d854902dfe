import { compareNames } from '../names/compare-names.js';
import { laterNameMatcher } from '../names/later-name.js';
import type { ArchiveIdentity, FoundArchive } from '../opening/found-archive.js';
import { isArchiveGone } from '../opening/open-archive.js';
import { type ArchiveHead, beginsAs, identifyArchive, type SequenceStart } from './archive-head.js';
import { distinctArchives } from './distinct-archives.js';
import { HeadSchedule, type Scheduled } from './head-schedule.js';
import { NamedArchive } from './name-chains.js';
import { PriorityQueue } from './priority-queue.js';
import { orderError, type Turn, WriterTurns } from './writer-turns.js';

/**
 * Lists the series again and returns new archives. Called if an archive vanished before its head
 * was read: it may have got another name.
 */
export type TakeNew = () => Promise<FoundArchive[]>;

/** An archive in its place. */
export interface PlacedArchive {
  readonly archive: FoundArchive;
  /** What its head was; undefined if that was not read. */
  readonly kind: ArchiveHead['kind'] | undefined;
  /** Its first block; undefined if it has no sequences, or no block that can be read. */
  readonly start: SequenceStart | undefined;
  /**
   * Why it should have come before archives that were given: an error to throw if it holds records
   * that those did not hold. Undefined if it is in order.
   */
  readonly misplaced: Error | undefined;
}

/** What to do about an archive that is in no place any more. */
export type WhenGone = 'fail' | 'leave out';

export interface ArchiveOrderOptions {
  /**
   * How many heads are read ahead of the archive that is given, to notice heads that contradict the
   * names. If infinite, all heads are read before the first archive is given.
   */
  readonly headsAhead: number;
  /** What to do if an archive vanishes for good. @default 'fail' */
  readonly whenGone?: WhenGone | undefined;
  readonly takeNew: TakeNew;
}

/** How often the series is listed again, without a head in between, because archives vanish. */
const MOST_LISTINGS = 100;

/**
 * Gives archives in the order in which they are read. Reads their heads one at a time, and not long
 * before they are due (`HeadSchedule`).
 *
 * - Archives of one writer go by sequence, and several writers are merged by the earliest time of
 *   each one's next archive.
 * - Archives without sequences (version 1, JSON lines) come first, in the natural order of their
 *   names, whatever their directories, and without copies.
 * - An archive whose first frame is damaged comes where its name belongs.
 * - An open archive without a whole header comes last: it may hold records later.
 */
export class ArchiveOrder {
  readonly #options: ArchiveOrderOptions;
  readonly #schedule = new HeadSchedule();
  /** Whether archives are read soon after their heads, so that few are in memory. */
  readonly #readsSoon: boolean;
  /** All that were listed: one that vanished may be among them under another name. */
  readonly #known: NamedArchive[] = [];
  /** Archives that a later listing found: coming late, they do not contradict their names. */
  readonly #relisted = new Set<FoundArchive>();
  /** The writers and ordinals in their names. */
  readonly #relistedClues = new Set<string>();
  readonly #turns = new WriterTurns();
  readonly #unsequenced = new PriorityQueue<NamedArchive>(compareNames);
  #lastUnsequenced: NamedArchive | undefined;
  /** Archives without sequences and copies, in reverse order. */
  #distinct: FoundArchive[] = [];
  /** The files of archives without sequences, by device and number. */
  readonly #files = new Map<string, IdentifiedFile>();
  /** False on a file system that gives several files one number, as some network file systems do. */
  #areNumbersOwn = true;
  readonly #damaged = new PriorityQueue<NamedArchive>(compareNames);
  readonly #begun = new PriorityQueue<NamedArchive>(compareNames);
  #listings = 0;

  /** @param archives in no order */
  constructor(archives: readonly FoundArchive[], options: ArchiveOrderOptions) {
    this.#options = options;
    this.#readsSoon = Number.isFinite(options.headsAhead);
    this.#add(archives);
  }

  /**
   * The next archive; null after the last one.
   *
   * @throws ArchiveError with the code `ERR_ARCHIVE_GONE` if one vanished for good, or
   *   `ERR_ARCHIVE_ORDER` for one without sequences that comes after others
   */
  async next(): Promise<PlacedArchive | null> {
    for (;;) {
      await this.#readAhead();
      const distinct = this.#distinct.pop();
      if (distinct !== undefined) return place(distinct, 'unsequenced');
      const unsequenced = this.#unsequenced.peek();
      const turn = this.#turns.peek();
      const before = this.#scheduleBefore(unsequenced, turn);
      if (before !== undefined) {
        await this.#readHead(before);
        continue;
      }
      const damaged = this.#takeDamaged(unsequenced ?? turn?.sequenced.named);
      if (damaged !== undefined) return place(damaged.archive, 'damaged');
      if (unsequenced !== undefined) await this.#takeDistinct(unsequenced);
      else if (turn !== undefined) return this.#give(turn);
      else return this.#takeBegun();
    }
  }

  #add(archives: readonly FoundArchive[]): NamedArchive[] {
    const named = archives.map((archive) => new NamedArchive(archive));
    for (const one of named) this.#known.push(one);
    this.#schedule.add([...named]);
    return named;
  }

  async #readAhead(): Promise<void> {
    for (;;) {
      const unclear = this.#schedule.takeUnclear();
      const isEnough = this.#turns.size + this.#unsequenced.size >= this.#options.headsAhead;
      const scheduled = unclear ?? (isEnough ? undefined : this.#schedule.takeDue());
      if (scheduled === undefined) return;
      await this.#readHead(scheduled);
    }
  }

  /** An archive that may come before those that would be next. */
  #scheduleBefore(
    unsequenced: NamedArchive | undefined,
    turn: Turn | undefined,
  ): Scheduled | undefined {
    if (unsequenced !== undefined) return this.#schedule.takeBeforeUnsequenced(unsequenced);
    return turn === undefined ? this.#schedule.takeDue() : this.#schedule.takeBefore(turn);
  }

  async #readHead(scheduled: Scheduled): Promise<void> {
    const { named } = scheduled;
    try {
      const { head, identity } = await identifyArchive(named.archive, {
        isReadSoon: this.#readsSoon,
      });
      this.#listings = 0;
      const highest = head.kind === 'sequenced' ? this.#turns.highestOf(head.start.writer) : -1;
      this.#schedule.note(scheduled, head, highest);
      if (head.kind === 'sequenced') this.#turns.add({ named, start: head.start });
      else if (head.kind === 'damaged') this.#damaged.push(named);
      else if (head.kind === 'begun') this.#begun.push(named);
      else if (!(await this.#isSecond(named, identity))) this.#unsequenced.push(named);
    } catch (error) {
      const mayBeGone =
        isArchiveGone(error) &&
        ((await this.#isElsewhere(named)) || this.#options.whenGone === 'leave out');
      if (!mayBeGone) throw error;
      this.#schedule.note(scheduled, undefined, -1);
    }
  }

  /**
   * Whether a vanished archive has another name. Lists again, unless an archive with its writer and
   * ordinal turned up before: while many archives move, each listing finds all of them.
   */
  async #isElsewhere(vanished: NamedArchive): Promise<boolean> {
    const clue = clueText(vanished);
    if (clue !== undefined && this.#relistedClues.has(clue)) return true;
    if (++this.#listings <= MOST_LISTINGS) {
      const listed = this.#add(await this.#options.takeNew());
      if (listed.length > 0) this.#readBegunAgain();
      for (const found of listed) {
        this.#relisted.add(found.archive);
        const foundClue = clueText(found);
        if (foundClue !== undefined) this.#relistedClues.add(foundClue);
      }
    }
    const isLater = laterNameMatcher(vanished.path);
    return this.#known.some((other) => other !== vanished && isLater(other.name));
  }

  /** One that had only begun may have got its records before those that were listed since. */
  #readBegunAgain(): void {
    for (let begun = this.#begun.pop(); begun !== undefined; begun = this.#begun.pop()) {
      this.#schedule.add([begun]);
    }
  }

  /**
   * Whether an archive without sequences is a file that was met before: it was listed again under
   * another name, or is being sealed and has both names. The ledger of sequences does not notice
   * that it is read twice.
   */
  async #isSecond({ archive }: NamedArchive, identity: ArchiveIdentity): Promise<boolean> {
    const { file } = identity;
    if (file === undefined || file.ino === 0) return false;
    const number = `${file.dev} ${file.ino}`;
    const known = this.#files.get(number);
    if (known === undefined) {
      this.#files.set(number, { archive, identity });
      return false;
    }
    const isAlike = beginsAs(known.identity, identity) || beginsAs(identity, known.identity);
    // With all heads read, `distinctArchives` prefers the sealed name.
    if (this.#readsSoon && isAlike && (await areLinked(known.archive, archive))) return true;
    if (!this.#relisted.has(archive)) this.#areNumbersOwn = false;
    // Otherwise copies are found by their bytes.
    return this.#areNumbersOwn && isAlike;
  }

  #takeDamaged(candidate: NamedArchive | undefined): NamedArchive | undefined {
    const damaged = this.#damaged.peek();
    if (damaged === undefined) return undefined;
    if (candidate !== undefined && compareNames(damaged, candidate) > 0) return undefined;
    return this.#damaged.pop();
  }

  /**
   * Takes an archive without sequences and its namesakes; once all heads were read, all of them.
   * Leaves out copies.
   */
  async #takeDistinct(first: NamedArchive): Promise<void> {
    this.#checkUnsequenced(first);
    const namesakes: FoundArchive[] = [];
    for (;;) {
      const next = this.#unsequenced.peek();
      if (next === undefined || (next.name !== first.name && !this.#schedule.isEmpty)) break;
      namesakes.push(next.archive);
      this.#lastUnsequenced = next;
      this.#unsequenced.pop();
    }
    this.#distinct = (await distinctArchives(namesakes)).reverse();
  }

  #checkUnsequenced(named: NamedArchive): void {
    if (this.#relisted.has(named.archive)) return;
    const last = this.#lastUnsequenced;
    if (this.#turns.hasBegun) {
      const problem = 'has no sequences, and comes after archives that have some';
      throw orderError(`archive ${named.path} ${problem}`);
    }
    if (last === undefined || compareNames(named, last) >= 0) return;
    throw orderError(`archive ${named.path} has no sequences, and comes after ${last.path}`);
  }

  #give(turn: Turn): PlacedArchive {
    const { named, start } = turn.sequenced;
    const { archive } = named;
    const misplaced = this.#relisted.has(archive) ? undefined : this.#turns.misplaced(turn);
    this.#turns.take();
    return { archive, kind: 'sequenced', start, misplaced };
  }

  #takeBegun(): PlacedArchive | null {
    const named = this.#begun.pop();
    return named === undefined ? null : place(named.archive, 'begun');
  }
}

function place(archive: FoundArchive, kind: ArchiveHead['kind']): PlacedArchive {
  return { archive, kind, start: undefined, misplaced: undefined };
}

interface IdentifiedFile {
  readonly archive: FoundArchive;
  readonly identity: ArchiveIdentity;
}

/** Whether one of two names is that of an open archive, and its file has several names. */
async function areLinked(one: FoundArchive, other: FoundArchive): Promise<boolean> {
  const files = [await one.findFile(), await other.findFile()];
  return files.some((file) => file?.isOpen === true && file.status.nlink > 1);
}

/** Names one archive of a writer; undefined if the name has no writer or no ordinal. */
function clueText(named: NamedArchive): string | undefined {
  const { clue } = named;
  if (clue?.writer === undefined || clue.ordinal === undefined) return undefined;
  return `${clue.writer} ${clue.ordinal} ${clue.period?.startMicros}`;
}
