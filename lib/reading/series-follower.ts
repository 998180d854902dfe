import type { ArchiveRecord } from '../codec/records/archive-record.js';
import type { FrameHeader } from '../codec/version-2/frame-header.js';
import { identifyArchive, type SequenceStart } from '../series/listing/archive-head.js';
import { SeriesListing, type SkippedArchive } from '../series/listing/find-archives.js';
import { leaveOutRead } from '../series/listing/leave-out-read.js';
import { orderArchives, type SeriesOrder } from '../series/listing/order-archives.js';
import type { SortedPatterns } from '../series/listing/series-patterns.js';
import type { FoundArchive } from '../series/opening/found-archive.js';
import { isArchiveGone } from '../series/opening/open-archive.js';
import type { RetryOptions } from '../stores/contract/retries.js';
import { ArchiveProgress } from './archives/archive-progress.js';
import { FollowedArchives } from './following/followed-archives.js';
import { type Changes, SeriesWatch } from './following/series-watch.js';
import type { ReadSettings } from './rolling-read-options.js';
import {
  type MissingRecord,
  type ReadManner,
  RecordsMissingError,
  type SeriesReading,
} from './series-reading.js';

export interface FollowOptions extends Omit<ReadSettings, 'order'> {
  /** How the archives that exist at first are ordered. */
  readonly order: SeriesOrder;
  readonly retries: RetryOptions;
  readonly onSkipped: (skipped: SkippedArchive) => void;
  /** Whether the archive at a path may hold wanted records, as far as its name says. */
  readonly mayBeWanted: (path: string) => boolean;
  /** The next sequence of a writer of which records were read before; undefined if none was. */
  readonly nextOf: ((writer: string) => number | undefined) | undefined;
}

/** After news, everything is looked at again after so long; without news, half as often each time. */
const SHORTEST_POLL_MS = 1000;
const LONGEST_POLL_MS = 10_000;

/** If directories cannot be watched, the size of each growing archive is asked for so often. */
const SIZE_POLL_MS = 50;

/**
 * How long an object waits for archives of its writer that come before it and are in no place yet:
 * uploads may overtake one another.
 */
const PATIENCE_MS = 10 * 60 * 1000;

/** An archive in a store that waits for records before it. */
interface WaitingArchive {
  readonly archive: FoundArchive;
  readonly record: MissingRecord;
  readonly sinceMs: number;
}

/**
 * Yields the records of a series, and then those that are written, in rounds: archives on disk that
 * have grown are read on, new ones from their start. Watches the directories of local patterns, and lists
 * all places from time to time. Ends when the signal aborts.
 */
export class SeriesFollower {
  readonly #options: FollowOptions;
  readonly #reading: SeriesReading;
  readonly #listing: SeriesListing;
  readonly #watch: SeriesWatch;
  readonly #followed: FollowedArchives;
  /** Changed paths that are no archives: a log beside the archives may change all the time. */
  readonly #foreign = new Set<string>();
  #waiting: WaitingArchive[] = [];
  #pollMs = SHORTEST_POLL_MS;
  #nextPollMs = 0;
  #hasStarted = false;

  constructor(patterns: SortedPatterns, reading: SeriesReading, options: FollowOptions) {
    const { clock, files, retries } = options;
    this.#options = options;
    this.#reading = reading;
    this.#watch = new SeriesWatch({ clock, files, signal: retries.signal });
    this.#followed = new FollowedArchives(files);
    const onDirectory = (path: string) => this.#watch.add(path);
    this.#listing = new SeriesListing(patterns, { ...options, onDirectory });
  }

  async *records(): AsyncGenerator<ArchiveRecord[]> {
    const { clock, nextOf, order, retries } = this.#options;
    try {
      const found = await this.#listing.list();
      yield* this.#readNew(nextOf === undefined ? found : await leaveOutRead(found, nextOf), order);
      this.#hasStarted = true;
      this.#nextPollMs = clock.now() + this.#pollMs;
      for (;;) {
        const changes = await this.#nextChanges();
        if (retries.signal.aborted) return;
        let hasNews = false;
        for await (const records of this.#readChanges(changes)) {
          hasNews = true;
          yield records;
        }
        if (hasNews) this.#pollSoon();
      }
    } finally {
      this.#watch.close();
    }
  }

  /** Null if the time to look at everything has come. */
  async #nextChanges(): Promise<Changes | null> {
    const { clock } = this.#options;
    const leftMs = this.#nextPollMs - clock.now();
    // A clock that was set back must not stop the polling.
    if (leftMs <= 0 || leftMs > LONGEST_POLL_MS) return this.#duePoll();
    const sizesMs = Math.max(SIZE_POLL_MS, this.#followed.growing);
    const waitMs = this.#watch.isComplete ? leftMs : Math.min(leftMs, sizesMs);
    const changes = await this.#watch.take(waitMs);
    return clock.now() < this.#nextPollMs ? changes : this.#duePoll();
  }

  /** More records often follow soon. */
  #pollSoon(): void {
    this.#pollMs = SHORTEST_POLL_MS;
    const soonMs = this.#options.clock.now() + SHORTEST_POLL_MS;
    this.#nextPollMs = Math.min(this.#nextPollMs, soonMs);
  }

  #duePoll(): null {
    this.#foreign.clear();
    this.#nextPollMs = this.#options.clock.now() + this.#pollMs;
    this.#pollMs = Math.min(2 * this.#pollMs, LONGEST_POLL_MS);
    return null;
  }

  async *#readChanges(changes: Changes | null): AsyncGenerator<ArchiveRecord[]> {
    const paths =
      changes?.isUnclear === false && changes.paths.size > 0 ? changes.paths : undefined;
    const isUnclear = changes === null || changes.isUnclear || this.#hasNew(changes.paths);
    const hasVanished = yield* this.#readGrown(isUnclear ? undefined : paths);
    const found = isUnclear && changes !== null ? await this.#listing.takeNewLocal() : [];
    const isElsewhere = changes === null || hasVanished || (await this.#skipRecords(found));
    yield* this.#readNew(isElsewhere ? found.concat(await this.#listing.takeNew()) : found);
    yield* this.#readWaiting();
  }

  /** Whether there are records before new archives that may have been shipped already. */
  async #skipRecords(found: readonly FoundArchive[]): Promise<boolean> {
    for (const archive of found) {
      const start = await startOf(archive);
      if (start !== undefined && !this.#reading.hasReached(start)) return true;
    }
    return false;
  }

  /** Whether there are paths that were not seen since everything was listed. */
  #hasNew(paths: ReadonlySet<string>): boolean {
    const unseen = [...paths].filter(
      (path) => !this.#followed.has(path) && !this.#foreign.has(path),
    );
    for (const path of unseen) this.#foreign.add(path);
    return unseen.length > 0;
  }

  /** @returns whether an archive has vanished before it was sealed */
  async *#readGrown(
    paths: ReadonlySet<string> | undefined,
  ): AsyncGenerator<ArchiveRecord[], boolean> {
    const { changed, hasVanished } = await this.#followed.takeChanged(paths);
    for (const { archive, progress } of changed) {
      if (progress.offset > 0) yield* this.#read(archive, progress);
      if (progress.offset === 0 || progress.isReplaced) yield* this.#readFirst(archive);
    }
    return hasVanished;
  }

  async *#readNew(
    listed: readonly FoundArchive[],
    order: SeriesOrder = 'time',
  ): AsyncGenerator<ArchiveRecord[]> {
    const found = listed.filter(({ path }) => this.#options.mayBeWanted(path));
    if (found.length === 0) return;
    // The archives before them may have grown until these began.
    if (this.#hasStarted) yield* this.#readGrown(undefined);
    const takeNew = () => this.#listing.takeNew();
    for await (const { archive } of orderArchives(found, order, takeNew, 'leave out')) {
      yield* this.#readFirst(archive);
    }
  }

  async *#readWaiting(): AsyncGenerator<ArchiveRecord[]> {
    for (;;) {
      const waiting = this.#waiting.toSorted((a, b) => a.record.sequence - b.record.sequence);
      const next = waiting.find((one) => this.#isReady(one));
      if (next === undefined) return;
      this.#waiting = this.#waiting.filter((one) => one !== next);
      yield* this.#read(
        next.archive,
        new ArchiveProgress(),
        !this.#reading.hasReached(next.record),
      );
    }
  }

  #isReady({ record, sinceMs }: WaitingArchive): boolean {
    const waitedMs = this.#options.clock.now() - sinceMs;
    return this.#reading.hasReached(record) || waitedMs < 0 || waitedMs >= PATIENCE_MS;
  }

  /** Reads an archive from its start, or on if it was read at another place. */
  async *#readFirst(archive: FoundArchive, isLate = false): AsyncGenerator<ArchiveRecord[]> {
    const { moved, possible } = this.#hasStarted
      ? await this.#followed.findEarlier(archive)
      : { moved: undefined, possible: [] };
    for (const progress of possible) this.#reading.expectAgain(progress);
    if (moved !== undefined) yield* this.#read(archive, moved, isLate);
    if (moved === undefined || moved.isReplaced) {
      yield* this.#read(archive, new ArchiveProgress(), isLate);
    }
  }

  /** @param isLate whether the archive has waited long enough */
  async *#read(
    archive: FoundArchive,
    progress: ArchiveProgress,
    isLate = false,
  ): AsyncGenerator<ArchiveRecord[]> {
    const { isStored } = archive;
    const manner: ReadManner = {
      progress,
      mayRepeat: this.#hasStarted,
      waitsFor: isStored && !isLate ? (header) => this.#isYoung(header) : undefined,
    };
    try {
      yield* this.#reading.read(archive, manner);
    } catch (error) {
      if (error instanceof RecordsMissingError) {
        this.#waiting.push({ archive, record: error.record, sinceMs: this.#options.clock.now() });
      } else if (!isArchiveGone(error)) {
        throw error;
      }
      // If it is gone, a later listing finds it where it is then.
    }
    if (!isStored && !progress.isReplaced) this.#followed.note({ archive, progress });
  }

  /** Records before an old block are missing for good. */
  #isYoung({ latestMicros }: FrameHeader): boolean {
    return this.#options.clock.now() - latestMicros / 1000 < PATIENCE_MS;
  }
}

/** The first block of an archive; undefined if it has none, or is gone. */
async function startOf(archive: FoundArchive): Promise<SequenceStart | undefined> {
  try {
    const { head } = await identifyArchive(archive);
    return head.kind === 'sequenced' ? head.start : undefined;
  } catch (error) {
    if (isArchiveGone(error)) return undefined;
    throw error;
  }
}
