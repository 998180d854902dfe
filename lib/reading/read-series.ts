import { basename } from 'node:path';

import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { ArchiveError } from '../errors/archive-error.js';
import type { SequenceConflict } from '../errors/conflict-error.js';
import type { SkippedArchive } from '../series/listing/find-archives.js';
import { seriesInOrder } from '../series/listing/series-in-order.js';
import type { SortedPatterns } from '../series/listing/series-patterns.js';
import { readNameTimes } from '../series/names/name-times.js';
import type { FoundArchive } from '../series/opening/found-archive.js';
import type { SequenceGap } from '../series/opening/sequence-gap.js';
import type { RetryOptions } from '../stores/contract/retries.js';
import { findConflict } from './archives/find-conflict.js';
import type { IndexedRun, SpanOptions } from './archives/find-spans.js';
import { createProgress, type ReadArchiveOptions, readArchive } from './archives/read-archive.js';
import { PositionTracker } from './cursors/position-tracker.js';
import type { ReadSettings } from './rolling-read-options.js';
import { type LateRecords, SequenceLedger } from './sequences/sequence-ledger.js';
import { isAnyTime, SeriesSelection, type WantedRecords } from './series-selection.js';

export interface SeriesOptions extends ReadSettings, ReadArchiveOptions {
  readonly retries: RetryOptions;
  readonly onGap: (gap: SequenceGap) => void;
  readonly onSkipped: (skipped: SkippedArchive) => void;
  readonly onLate: (late: LateRecords) => void;
  /** An error that it throws ends the read. */
  readonly onConflict: (conflict: SequenceConflict) => void;
}

/** How many archives are compared with an archive that overlaps them. */
const MOST_COMPARED = 16;

/**
 * Yields the wanted records of all archives that patterns match, in their order, each once, in
 * arrays that are not empty. Opens one archive at a time. Closes the stores that were opened for
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

/** Finds the archives, orders them, decodes one after the other, and filters their records. */
async function* readAll(
  patterns: SortedPatterns,
  options: SeriesOptions,
): AsyncGenerator<ArchiveRecord[]> {
  const { archives, isByName } = await seriesInOrder(patterns, {
    ...options,
    mayBeWanted: (path) => mayHold(path, options.wanted),
  });
  if (options.wanted.metadata?.isImpossible) {
    // It is an error all the same if there is no archive.
    await archives.next();
    await archives.return(undefined);
    return;
  }
  const ledger = createLedger(isByName, options);
  const selection = new SeriesSelection(options.wanted, ledger);
  const tracker = new PositionTracker(options.after);
  const namesRead = new Set<string>();
  const read: FoundArchive[] = [];
  const pathsRead = new Set<string>();
  for await (const { archive, misplaced } of archives) {
    const name = basename(archive.path);
    const seek = seekIn(archive, namesRead.has(name), selection, options);
    namesRead.add(name);
    const begin = (path: string) => {
      // An archive that was followed to where it is now may be listed there as well.
      if (pathsRead.has(path)) return 'skip';
      pathsRead.add(path);
      read.push(archive);
      ledger.beginArchive(path, misplaced);
      return 'read';
    };
    const readOptions: ReadArchiveOptions = {
      ...{ ...options, begin },
      onSkippedRun: (run) => ledger.noteSkipped(run),
    };
    const progress = createProgress();
    tracker.beginArchive(progress);
    for await (const records of readArchive(archive, selection, readOptions, seek, progress)) {
      const selected = selection.filter(tracker.leaveOutRead(records));
      if (selected.length === 0) continue;
      tracker.link(selected);
      yield selected;
    }
    await compareOverlaps(archive, read, ledger, options);
  }
}

/** Whether an archive may hold records of the wanted times, as far as its name says. */
function mayHold(path: string, wanted: WantedRecords): boolean {
  if (isAnyTime(wanted)) return true;
  // Folders may have any names.
  const times = readNameTimes(basename(path));
  if (times === undefined) return true;
  const { earliestMicros, latestMicros } = wanted;
  return times.latestMicros >= earliestMicros && times.earliestMicros <= latestMicros;
}

function createLedger(
  isByName: boolean,
  { after, onGap, onLate, wanted }: SeriesOptions,
): SequenceLedger {
  const ledger = new SequenceLedger({
    whenLate: isByName ? 'fail' : 'read',
    // With a range of times, blocks outside of it are skipped, so a gap would not mean a loss.
    onGap: isAnyTime(wanted) ? onGap : () => undefined,
    onLate,
    onForgotten: () => {
      const message = 'archives have more than 1,048,576 writers: read fewer of them at a time';
      throw new ArchiveError('ERR_TOO_MANY_WRITERS', message);
    },
  });
  for (const { next, writer } of after.writers) ledger.passAll(writer, next);
  return ledger;
}

/**
 * Reports records that archives have with the same identities, if they differ, or if there are too
 * many archives to compare.
 */
async function compareOverlaps(
  archive: FoundArchive,
  read: readonly FoundArchive[],
  ledger: SequenceLedger,
  options: SeriesOptions,
): Promise<void> {
  for (const [i, overlap] of ledger.takeOverlaps().entries()) {
    const other = read[overlap.first];
    if (other === undefined) continue;
    const { begin: from, end: to, writer } = overlap;
    const conflict =
      i < MOST_COMPARED
        ? await findConflict(archive, other, overlap, options)
        : { writer, from, to, archive: archive.path, other: other.path };
    if (conflict !== null) options.onConflict(conflict);
  }
}

/** Which blocks of an archive to read; undefined if it is read whole. */
function seekIn(
  archive: FoundArchive,
  isNameRead: boolean,
  selection: SeriesSelection,
  { after }: SeriesOptions,
): SpanOptions | undefined {
  const isWanted = (run: IndexedRun) => selection.hasAnyOf(run);
  const { metadata } = selection;
  if (!isAnyTime(selection)) return { isWanted, metadata, whenUntimed: 'read it' };
  if (after.writers.length > 0) {
    return { isWanted, metadata, whenUntimed: 'read all', leastBytes: 0 };
  }
  if (metadata !== undefined) return { isWanted, metadata, whenUntimed: 'read all' };
  // An object with the name of an archive that was read is mostly its copy, so fetch only what is
  // new.
  if (archive.isStored && isNameRead) return { isWanted, whenUntimed: 'read all' };
  return undefined;
}
