import type { SkippedDamage } from '../codec/frames/skipped-damage.js';
import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { show } from '../errors/show.js';
import { nodeFileLayer } from '../files/file-layer.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkClock, checkFiles, checkFlag, checkSignal } from '../format/option-values.js';
import { findArchives } from '../series/listing/find-archives.js';
import {
  type SeriesPatterns,
  type SortedPatterns,
  sortPatterns,
} from '../series/listing/series-patterns.js';
import { S3_STORE_OPTION_NAMES } from '../stores/s3/s3-store-options.js';
import { systemClock } from '../streams/clock.js';
import { formatCursor } from './cursors/cursor-text.js';
import { findLastStart, type IndexedRuns, readAllRuns } from './last-records/find-last-start.js';
import { LastRecords } from './last-records/last-records.js';
import type { RollingReadOptions } from './rolling-read-options.js';
import { RollingReadStream } from './rolling-read-stream.js';

/** How to read the last records of a series. */
export interface ReadLastOptions
  extends Pick<
    RollingReadOptions,
    'where' | 'whenDamaged' | 'allowEmpty' | 'files' | 'clock' | 's3' | 'signal'
  > {
  /** How many records to read, 0 or more. @default 10 */
  readonly count?: number | undefined;
  /** Called for damage that is skipped, with `whenDamaged: 'skip'`. */
  readonly onDamage?: ((damage: SkippedDamage) => void) | undefined;
}

const READ_LAST_OPTION_NAMES: OptionNames<ReadLastOptions> = {
  count: true,
  where: true,
  whenDamaged: true,
  onDamage: true,
  allowEmpty: checkFlag,
  files: checkFiles,
  clock: checkClock,
  s3: S3_STORE_OPTION_NAMES,
  signal: checkSignal,
};

/** The last records of a series, and the position after them. */
export interface LastRead {
  readonly records: readonly ArchiveRecord[];
  /**
   * Stands after everything that exists: a reader with `after: cursor`, and with `follow`, emits
   * what comes next, with no record lost or repeated.
   */
  readonly cursor: string;
}

const DEFAULT_COUNT = 10;

/** If too few records match `where`, so many times as many are looked at. */
const GROWTH = 8;

/**
 * Reads the last records of all archives that patterns match, by their times; of one writer, in the
 * order in which it wrote them. Records without a time come before the others. Reads the indexes of
 * all archives, and then only the blocks that may hold the last records. Archives without an index
 * are read whole: those that are still open, and those of version 1 and JSON lines.
 *
 * @throws as `createArchiveReader`, and what its reader ends with
 */
export async function readLast(
  patterns: SeriesPatterns,
  given?: ReadLastOptions,
): Promise<LastRead> {
  const {
    count = DEFAULT_COUNT,
    onDamage,
    ...options
  } = readOptions(given, READ_LAST_OPTION_NAMES);
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`count is ${show(count)}, expected a whole number of records, 0 or more`);
  }
  const { s3 } = options;
  const sorted = sortPatterns(patterns, s3);
  try {
    const archives = await readIndexes(sorted, options);
    for (let looked = count; ; looked *= GROWTH) {
      const { after, sinceMicros } = await findLastStart(archives, looked);
      const last = new LastRecords(count);
      const reader = new RollingReadStream(patterns, { ...options, after: formatCursor(after) });
      if (onDamage !== undefined) reader.on('damage', onDamage);
      for await (const batch of reader.batches()) for (const record of batch) last.add(record);
      const isEnough = last.countSince(sinceMicros) >= count;
      if (isEnough || sinceMicros === Number.NEGATIVE_INFINITY) {
        return { records: last.take(), cursor: reader.cursor };
      }
    }
  } finally {
    for (const store of sorted.ownStores) await store.close();
  }
}

async function readIndexes(
  patterns: SortedPatterns,
  options: ReadLastOptions,
): Promise<IndexedRuns[]> {
  const { allowEmpty = false, clock = systemClock, files = nodeFileLayer } = options;
  const { signal = new AbortController().signal } = options;
  // The reader reports what it cannot read.
  const onSkipped = () => undefined;
  const found = await findArchives(patterns, {
    ...{ files, allowEmpty, onSkipped },
    retries: { clock, signal },
  });
  return await readAllRuns(found, signal);
}
