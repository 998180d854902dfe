import { basename } from 'node:path';

import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { quote } from '../errors/show.js';
import { nodeFileLayer } from '../files/file-layer.js';
import { LARGEST_RECORD_BYTES } from '../format/limits.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkClock, checkFiles, checkFlag, checkSignal } from '../format/option-values.js';
import { findArchives } from '../series/listing/find-archives.js';
import { type SeriesPatterns, sortPatterns } from '../series/listing/series-patterns.js';
import type { FoundArchive } from '../series/opening/found-archive.js';
import { isArchiveGone } from '../series/opening/open-archive.js';
import { S3_STORE_OPTION_NAMES } from '../stores/s3/s3-store-options.js';
import { systemClock } from '../streams/clock.js';
import type { SpanOptions } from './archives/find-spans.js';
import { RangeSelection } from './archives/range-selection.js';
import { type ReadArchiveOptions, readArchive } from './archives/read-archive.js';
import { searchBackwards } from './archives/search-backwards.js';
import type { RollingReadOptions } from './rolling-read-options.js';
import { sequencesOf } from './sequences/indexed-sequences.js';

/** How to look for a writer's last record. */
export interface FindLastOptions
  extends Pick<RollingReadOptions, 'clock' | 'files' | 's3' | 'signal'> {
  /**
   * Whether the names of all archives of the writer contain its id, as those of the default
   * template do. Other archives are then not opened. @default false
   */
  readonly doNamesHoldWriter?: boolean | undefined;
}

const FIND_LAST_OPTION_NAMES: OptionNames<FindLastOptions> = {
  clock: checkClock,
  files: checkFiles,
  s3: S3_STORE_OPTION_NAMES,
  signal: checkSignal,
  doNamesHoldWriter: checkFlag,
};

/**
 * Finds the record of a writer with the highest sequence, in archives of any state, open ones
 * included. Reads indexes from the last archive backwards, until several archives of the writer in a
 * row hold only earlier records; reads archives without an index whole. A source that numbers its
 * records continues after it.
 *
 * @param writer 16 hex digits
 * @returns undefined if there is none
 * @throws DirectoryError, StoreError; RangeError for what is no writer's id
 */
export async function findLastRecord(
  patterns: SeriesPatterns,
  writer: string,
  given?: FindLastOptions,
): Promise<ArchiveRecord | undefined> {
  const options = readOptions(given, FIND_LAST_OPTION_NAMES);
  if (!/^[0-9a-f]{16}$/.test(writer)) {
    throw new RangeError(`writer is ${quote(String(writer))}, expected 16 hex digits`);
  }
  const { clock = systemClock, doNamesHoldWriter, files = nodeFileLayer, s3 } = options;
  const { signal = new AbortController().signal } = options;
  const sorted = sortPatterns(patterns, s3);
  try {
    const found = await findArchives(sorted, {
      files,
      allowEmpty: true,
      retries: { clock, signal },
    });
    const named = found.filter(({ path }) => !doNamesHoldWriter || basename(path).includes(writer));
    return await findLast(named, writer, signal);
  } finally {
    for (const store of sorted.ownStores) await store.close();
  }
}

async function findLast(
  archives: readonly FoundArchive[],
  writer: string,
  signal: AbortSignal,
): Promise<ArchiveRecord | undefined> {
  let last: ArchiveRecord | undefined;
  await searchBackwards(archives, signal, async (archive) => {
    const ranges = await sequencesOf(archive, writer);
    const end = ranges.reduce((most, range) => Math.max(most, range.end), 0);
    const next = (last?.sequence ?? -1) + 1;
    // Without an index it is not known what the archive holds.
    const isIndexed = ranges.length > 0;
    const begin = isIndexed ? Math.max(next, end - 1) : next;
    const later = end > 0 && end <= next ? undefined : await readLastFrom(archive, writer, begin);
    last = later ?? last;
    return later !== undefined || !isIndexed;
  });
  return last;
}

const READ_OPTIONS: ReadArchiveOptions = {
  maxRecordBytes: LARGEST_RECORD_BYTES,
  metadataKey: undefined,
  whenDamaged: 'skip',
  onDamage: () => undefined,
};

/** The record of an archive with the highest sequence from `begin` on. */
async function readLastFrom(
  archive: FoundArchive,
  writer: string,
  begin: number,
): Promise<ArchiveRecord | undefined> {
  const selection = new RangeSelection(writer, { begin, end: Number.POSITIVE_INFINITY });
  const seek: SpanOptions = {
    isWanted: (run) => selection.mayHold(run),
    whenUntimed: 'read all',
    leastBytes: 0,
  };
  let last: ArchiveRecord | undefined;
  try {
    for await (const records of readArchive(archive, selection, READ_OPTIONS, seek)) {
      for (const record of records) {
        if (record.writer !== writer) continue;
        if (last === undefined || (record.sequence ?? 0) > (last.sequence ?? 0)) last = record;
      }
    }
  } catch (error) {
    if (!isArchiveGone(error)) throw error;
  }
  return last;
}
