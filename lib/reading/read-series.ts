import { basename } from 'node:path';

import type { ArchiveRecord } from '../codec/records/archive-record.js';
import type { FileLayer } from '../files/file-layer.js';
import { findArchives } from '../series/listing/find-archives.js';
import { orderArchives, type SeriesOrder } from '../series/listing/order-archives.js';
import type { SortedPatterns } from '../series/listing/series-patterns.js';
import type { SequenceGap } from '../series/opening/sequence-gap.js';
import type { RetryOptions } from '../stores/contract/retries.js';
import type { IndexedRun, SpanOptions } from './find-spans.js';
import { type ReadArchiveOptions, readArchive } from './read-archive.js';
import { SequenceLedger } from './sequence-ledger.js';
import { isAnyTime, SeriesSelection, type WantedRecords } from './series-selection.js';

export interface SeriesOptions extends ReadArchiveOptions {
  readonly files: FileLayer;
  readonly retries: RetryOptions;
  readonly allowEmpty: boolean;
  readonly order: SeriesOrder;
  readonly wanted: WantedRecords;
  /** The most records that are given. */
  readonly limit: number;
  readonly onGap: (gap: SequenceGap) => void;
}

/**
 * The records of all archives that patterns match, in their order, each once, in arrays that are not empty;
 * one archive open at a time. Closes the stores that were opened for the patterns.
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

async function* readAll(
  patterns: SortedPatterns,
  options: SeriesOptions,
): AsyncGenerator<ArchiveRecord[]> {
  const { onGap, order, wanted } = options;
  const found = await findArchives(patterns, options);
  const archives = await orderArchives(found, order);
  const isByName = order === 'name' && found.some(({ isStored }) => isStored);
  const ledger = new SequenceLedger({
    whenLate: isByName ? 'fail' : 'drop',
    // Where only some times are wanted, nobody has looked at what is missing between.
    onGap: isAnyTime(wanted) ? onGap : () => undefined,
  });
  const selection = new SeriesSelection(wanted, ledger);
  const isWanted = (run: IndexedRun) => selection.hasAnyOf(run);
  const namesRead = new Set<string>();
  for (const archive of archives) {
    const name = basename(archive.path);
    // An object of the same name is the same archive, most often, and has not to be fetched once more.
    const mayBeRead = archive.isStored && namesRead.has(name);
    namesRead.add(name);
    let seek: SpanOptions | undefined;
    if (!isAnyTime(wanted)) seek = { isWanted, whenUntimed: 'read it' };
    else if (mayBeRead) seek = { isWanted, whenUntimed: 'read all' };
    for await (const records of readArchive(archive, selection, options, seek)) {
      const selected = selection.filter(records);
      if (selected.length > 0) yield selected;
    }
  }
}
