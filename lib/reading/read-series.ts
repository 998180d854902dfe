import { basename } from 'node:path';

import type { ArchiveRecord } from '../codec/records/archive-record.js';
import type { SkippedArchive } from '../series/listing/find-archives.js';
import { seriesInOrder } from '../series/listing/series-in-order.js';
import type { SortedPatterns } from '../series/listing/series-patterns.js';
import { readNameTimes } from '../series/names/name-times.js';
import type { RetryOptions } from '../stores/contract/retries.js';
import type { CursorFacts } from './cursors/cursor-text.js';
import { mergeByTime } from './merge-by-time.js';
import { SeriesFollower } from './series-follower.js';
import { SeriesReading, type SeriesReadingOptions } from './series-reading.js';
import { isAnyTime } from './series-selection.js';

export interface SeriesOptions extends SeriesReadingOptions {
  readonly retries: RetryOptions;
  readonly onSkipped: (skipped: SkippedArchive) => void;
}

/**
 * Yields the wanted records of all archives that patterns match, in their order, each once, in
 * arrays that are not empty. Opens one archive at a time, unless they are merged. Closes the stores that were opened for
 * the patterns.
 */
export async function* readSeries(
  patterns: SortedPatterns,
  options: SeriesOptions,
): AsyncGenerator<ArchiveRecord[]> {
  let left = options.limit;
  if (left === 0) return;
  try {
    for await (const records of readAll(patterns, options)) {
      const given = records.length > left ? records.slice(0, left) : records;
      left -= given.length;
      yield given;
      if (left === 0) return;
    }
  } finally {
    for (const store of patterns.ownStores) await store.close();
  }
}

/** Finds the archives, orders them, decodes them, and filters their records. */
async function* readAll(
  patterns: SortedPatterns,
  given: SeriesOptions,
): AsyncGenerator<ArchiveRecord[]> {
  const isMerged = given.order === 'merged';
  const order = given.order === 'merged' ? 'time' : given.order;
  const options = {
    ...{ ...given, order, nextOf: nextsOf(given.after) },
    mayBeWanted: (path: string) => mayHold(path, given),
  };
  if (options.follow) {
    const follower = new SeriesFollower(patterns, new SeriesReading(false, options), options);
    yield* follower.records();
    return;
  }
  const { archives, isByName } = await seriesInOrder(patterns, options);
  if (options.wanted.metadata?.isImpossible) {
    // It is an error all the same if there is no archive.
    await archives.next();
    await archives.return(undefined);
    return;
  }
  const reading = new SeriesReading(isByName, options);
  if (isMerged) yield* mergeByTime(archives, reading);
  else {
    for await (const { archive, misplaced } of archives) {
      yield* reading.read(archive, { misplaced });
    }
  }
}

/** Undefined if the cursor knows no writer. */
function nextsOf({ writers }: CursorFacts): ((writer: string) => number | undefined) | undefined {
  if (writers.length === 0) return undefined;
  const nexts = new Map(writers.map(({ next, writer }) => [writer, next]));
  return (writer) => nexts.get(writer);
}

/** Whether an archive may hold records of the wanted times, as far as its name and key say. */
function mayHold(
  path: string,
  { keyDates, wanted }: Pick<SeriesOptions, 'keyDates' | 'wanted'>,
): boolean {
  if (isAnyTime(wanted)) return true;
  const { earliestMicros, latestMicros } = wanted;
  const earliest = keyDates?.earliestMicros(path);
  if (earliest !== undefined && earliest > latestMicros) return false;
  // Folders may have any names.
  const times = readNameTimes(basename(path));
  if (times === undefined) return true;
  return times.latestMicros >= earliestMicros && times.earliestMicros <= latestMicros;
}
