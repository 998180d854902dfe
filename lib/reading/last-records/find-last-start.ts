import type { FoundArchive } from '../../series/opening/found-archive.js';
import type { CursorFacts } from '../cursors/cursor-text.js';
import { joinRuns, readRuns, type WriterRun } from './archive-runs.js';

/** Where to begin to read the last records of a series. */
export interface LastStart {
  /** A position before them. */
  readonly after: CursorFacts;
  /**
   * Every record of this time or later comes after the position, in µs since the epoch: -Infinity if
   * all records do.
   */
  readonly sinceMicros: number;
}

/** An archive and its runs, joined as far as possible. */
export interface IndexedRuns {
  readonly archive: FoundArchive;
  readonly runs: readonly WriterRun[];
}

/** How many archives to look at at the same time. Each costs one request. */
const MOST_REQUESTS = 8;

/** Reads the indexes of all archives, and keeps a few numbers of each. */
export async function readAllRuns(
  found: readonly FoundArchive[],
  signal: AbortSignal,
): Promise<IndexedRuns[]> {
  const waiting = [...found];
  const all: IndexedRuns[] = [];
  const read = async () => {
    for (let archive = waiting.shift(); archive !== undefined; archive = waiting.shift()) {
      signal.throwIfAborted();
      all.push({ archive, runs: joinRuns(await readRuns(archive)) });
    }
  };
  await Promise.all(Array.from({ length: MOST_REQUESTS }, read));
  return all;
}

/**
 * The latest position that has at least `count` records after it, as far as indexes know them.
 * Archives without an index come after it whole.
 */
export async function findLastStart(
  archives: readonly IndexedRuns[],
  count: number,
): Promise<LastStart> {
  const all = archives.flatMap(({ runs }) => runs);
  const roughly = sinceOf(all, count);
  if (roughly === Number.NEGATIVE_INFINITY) return { after: NOWHERE, sinceMicros: roughly };
  // Only the archives that hold the last records are looked at again, now block by block.
  const looked: (readonly WriterRun[])[] = [];
  for (const { archive, runs } of archives) {
    const isLate = runs.some(({ latestMicros }) => latestMicros >= roughly);
    const exact = isLate ? await readRuns(archive) : [];
    looked.push(exact.length > 0 ? exact : runs);
  }
  const fine = looked.flat();
  const sinceMicros = Math.max(sinceOf(fine, count), roughly);
  return { after: positionBefore(fine, sinceMicros), sinceMicros };
}

const NOWHERE: CursorFacts = { writers: [], archives: [] };

/** The latest time from which on at least `count` records are indexed; -Infinity if there are fewer. */
function sinceOf(runs: readonly WriterRun[], count: number): number {
  if (count === 0) return Number.POSITIVE_INFINITY;
  const known = new Set<string>();
  let left = count;
  for (const run of runs.toSorted((a, b) => b.earliestMicros - a.earliestMicros)) {
    const key = `${run.writer} ${run.sequence}`;
    // An archive may be on disk and in a store.
    if (known.has(key)) continue;
    known.add(key);
    left -= run.records;
    if (left <= 0) return run.earliestMicros;
  }
  return Number.NEGATIVE_INFINITY;
}

/** For each writer, the position before its first run that has a record of this time or later. */
function positionBefore(runs: readonly WriterRun[], sinceMicros: number): CursorFacts {
  const firsts = new Map<string, number>();
  const ends = new Map<string, number>();
  for (const { latestMicros, records, sequence, writer } of runs) {
    if (latestMicros >= sinceMicros) {
      firsts.set(writer, Math.min(firsts.get(writer) ?? sequence, sequence));
    }
    ends.set(writer, Math.max(ends.get(writer) ?? 0, sequence + records));
  }
  const writers = [...ends].map(([writer, end]) => ({ writer, next: firsts.get(writer) ?? end }));
  writers.sort((a, b) => (a.writer < b.writer ? -1 : 1));
  return { writers, archives: [] };
}
