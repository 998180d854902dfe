import { basename } from 'node:path';

import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { findArchives } from '../series/listing/find-archives.js';
import { orderArchives } from '../series/listing/order-archives.js';
import type { SortedPatterns } from '../series/listing/series-patterns.js';
import type { FoundArchive } from '../series/opening/found-archive.js';
import type { SequenceGap } from '../series/opening/sequence-gap.js';
import type { RetryOptions } from '../stores/contract/retries.js';
import type { IndexedRun, SpanOptions } from './find-spans.js';
import { type ReadArchiveOptions, readArchive } from './read-archive.js';
import type { ReadSettings } from './rolling-read-options.js';
import { SequenceLedger } from './sequence-ledger.js';
import { isAnyTime, SeriesSelection } from './series-selection.js';

export interface SeriesOptions extends ReadSettings, ReadArchiveOptions {
  readonly retries: RetryOptions;
  readonly onGap: (gap: SequenceGap) => void;
}

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
  const found = await findArchives(patterns, options);
  const archives = await orderArchives(found, options.order);
  const selection = createSelection(found, options);
  const namesRead = new Set<string>();
  for (const archive of archives) {
    const name = basename(archive.path);
    const seek = seekIn(archive, namesRead.has(name), selection);
    namesRead.add(name);
    for await (const records of readArchive(archive, selection, options, seek)) {
      const selected = selection.filter(records);
      if (selected.length > 0) yield selected;
    }
  }
}

function createSelection(
  found: readonly FoundArchive[],
  { onGap, order, wanted }: SeriesOptions,
): SeriesSelection {
  const isByName = order === 'name' && found.some(({ isStored }) => isStored);
  const ledger = new SequenceLedger({
    whenLate: isByName ? 'fail' : 'drop',
    // With a range of times, blocks outside of it are skipped, so a gap would not mean a loss.
    onGap: isAnyTime(wanted) ? onGap : () => undefined,
  });
  return new SeriesSelection(wanted, ledger);
}

/** Which blocks of an archive to read; undefined if it is read whole. */
function seekIn(
  archive: FoundArchive,
  isNameRead: boolean,
  selection: SeriesSelection,
): SpanOptions | undefined {
  const isWanted = (run: IndexedRun) => selection.hasAnyOf(run);
  if (!isAnyTime(selection)) return { isWanted, whenUntimed: 'read it' };
  // An object with the name of an archive that was read is mostly its copy, so fetch only what is
  // new.
  if (archive.isStored && isNameRead) return { isWanted, whenUntimed: 'read all' };
  return undefined;
}
