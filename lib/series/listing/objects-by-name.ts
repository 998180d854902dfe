import { comparePaths } from '../names/compare-names.js';
import type { StoredArchive, StoredArchiveOptions } from '../opening/stored-archive.js';
import type { SkippedArchive } from './find-archives.js';
import { compareBytes, streamStoredArchives } from './list-stored-archives.js';
import { PriorityQueue } from './priority-queue.js';
import type { StorePattern } from './series-patterns.js';

/** How many keys after an archive are listed before it is given: less than a page of 1,000. */
const LEAST_AHEAD = 800;

/**
 * How many archives are listed ahead while others are read. Few series have more, so that the
 * listing is over soon, and shows the series as it was at one time.
 */
const MOST_AHEAD = 100_000;

/** A writer's id in a name. */
const WRITER_DIGITS = 16;

/**
 * The archives of stores that patterns match, each path once, in the natural order of their keys,
 * while the stores list them. Stores list keys in byte order, which is natural order if numbers have
 * the same length. If they have not, a listing is awaited whole.
 *
 * @throws StoreError
 */
export async function* objectsByName(
  patterns: readonly StorePattern[],
  options: StoredArchiveOptions & { readonly onSkipped: (skipped: SkippedArchive) => void },
): AsyncGenerator<StoredArchive> {
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const skipped = new Set<string>();
  const onSkipped = ({ path, reason }: SkippedArchive) => {
    if (skipped.has(path)) return;
    skipped.add(path);
    options.onSkipped({ path, reason });
  };
  const listings = patterns.map(
    ({ pattern, store }) =>
      new ListingAhead(streamStoredArchives(store, pattern, { ...options, signal }, onSkipped)),
  );
  const queue = new PriorityQueue<Listed>((a, b) => comparePaths(a.archive.path, b.archive.path));
  let last = '';
  try {
    for (;;) {
      for (const listing of listings) {
        await listing.list();
        for (const listed of listing.takeNew()) queue.push(listed);
      }
      const next = queue.pop();
      if (next === undefined) return;
      next.listing.noteGiven(next);
      // Two patterns may match it.
      if (next.archive.path === last) continue;
      last = next.archive.path;
      yield next.archive;
      for (const listing of listings) listing.listOn();
    }
  } finally {
    // A request under way would be awaited otherwise.
    ending.abort();
    for (const listing of listings) await listing.end();
  }
}

interface Listed {
  readonly archive: StoredArchive;
  readonly listing: ListingAhead;
  /** The number of its key in the listing. */
  readonly keys: number;
}

/** A listing that is read ahead of its consumer. */
class ListingAhead {
  readonly #archives: AsyncGenerator<StoredArchive | null>;
  #fresh: Listed[] = [];
  /** How many archives were listed and not given yet. */
  #waiting = 0;
  #keys = 0;
  /** The highest number of a key whose archive was given. */
  #keysGiven = 0;
  #last: string | undefined;
  #hasEnded = false;
  /** Whether the natural order of the archives is not that of the listing. */
  #isUneven = false;
  #step: Promise<void> | undefined;
  #background: Promise<void> | undefined;

  constructor(archives: AsyncGenerator<StoredArchive | null>) {
    this.#archives = archives;
  }

  /** Lists until the next archive may be given. */
  async list(): Promise<void> {
    while (!this.#hasEnded && !this.#isEnough) await this.#listOne();
  }

  noteGiven({ keys }: Listed): void {
    this.#waiting--;
    this.#keysGiven = Math.max(this.#keysGiven, keys);
  }

  get #isEnough(): boolean {
    return !this.#isUneven && this.#waiting > 0 && this.#keys - this.#keysGiven >= LEAST_AHEAD;
  }

  /** Goes on listing, without being awaited. A failure shows in `list`. */
  listOn(): void {
    this.#background ??= this.#listAhead().then(
      () => {
        this.#background = undefined;
      },
      () => undefined,
    );
  }

  takeNew(): Listed[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.#background;
    await this.#archives.return(undefined);
  }

  /** Lists one more key, or waits for the one that is being listed. */
  async #listOne(): Promise<void> {
    this.#step ??= this.#next();
    await this.#step;
  }

  async #next(): Promise<void> {
    // After a failure the step stays, and with it the failure.
    const next = await this.#archives.next();
    this.#step = undefined;
    if (next.done) {
      this.#hasEnded = true;
      return;
    }
    if (next.value === null) {
      this.#keys++;
      return;
    }
    const { path } = next.value;
    this.#isUneven ||= this.#last !== undefined && !isEven(this.#last, path);
    this.#last = path;
    this.#fresh.push({ archive: next.value, listing: this, keys: this.#keys });
    this.#waiting++;
  }

  async #listAhead(): Promise<void> {
    while (!this.#hasEnded && this.#waiting < MOST_AHEAD) await this.#listOne();
  }
}

/** Whether two neighbours in a listing are in byte order, and probably also in natural order. */
function isEven(one: string, next: string): boolean {
  return compareBytes(one, next) < 0 && !haveUnequalNumbers(one, next);
}

/** Whether two texts first differ in numbers of unequal length, and not in writers' ids. */
function haveUnequalNumbers(one: string, other: string): boolean {
  let start = 0;
  while (start < one.length && one[start] === other[start]) start++;
  while (start > 0 && isDigit(one, start - 1)) start--;
  const lengths = [one, other].map((text) => runLength(text, start, isDigit));
  if (lengths[0] === lengths[1] || lengths.includes(0)) return false;
  while (start > 0 && isHexDigit(one, start - 1)) start--;
  return [one, other].some((text) => runLength(text, start, isHexDigit) !== WRITER_DIGITS);
}

function runLength(text: string, start: number, is: (text: string, at: number) => boolean): number {
  let end = start;
  while (end < text.length && is(text, end)) end++;
  return end - start;
}

function isDigit(text: string, at: number): boolean {
  const character = text[at] ?? '';
  return character >= '0' && character <= '9';
}

function isHexDigit(text: string, at: number): boolean {
  const character = text[at] ?? '';
  return isDigit(text, at) || (character >= 'a' && character <= 'f');
}
