import {
  FORMAT_BYTES,
  MEMBER_FORMATS,
  memberFormatOf,
} from '../codec/compression/member-formats.js';
import { nodeFileLayer } from '../files/file-layer.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkClock, checkFiles, checkFlag, checkSignal } from '../format/option-values.js';
import { type ArchiveHead, identifyArchive } from '../series/listing/archive-head.js';
import { findArchives, type SkippedArchive } from '../series/listing/find-archives.js';
import {
  type SeriesPatterns,
  type SortedPatterns,
  sortPatterns,
} from '../series/listing/series-patterns.js';
import { compareNaturally } from '../series/names/natural-order.js';
import type { ArchiveSource } from '../series/opening/archive-source.js';
import { ArchiveTail } from '../series/opening/archive-tail.js';
import type { FoundArchive } from '../series/opening/found-archive.js';
import { type IndexedArchive, readIndexChain } from '../series/opening/index-chain.js';
import { isArchiveGone } from '../series/opening/open-archive.js';
import { type FileMembers, readMemberIndex } from '../series/opening/read-member-index.js';
import { S3_STORE_OPTION_NAMES } from '../stores/s3/s3-store-options.js';
import { systemClock } from '../streams/clock.js';
import type { RollingReadOptions } from './rolling-read-options.js';

/** An archive, as its name, its first bytes and its index describe it. */
export interface ArchiveSummary {
  /** Its path or its object as it is now, with the suffix of its state. */
  readonly path: string;
  /** Whether it is in a store. */
  readonly isStored: boolean;
  /** `open`: a writer may still append to it, or a crash has left it so. */
  readonly state: 'open' | 'sealed';
  /** `unknown`: it is empty, or its first frame is damaged. */
  readonly format: 'v1' | 'v2' | 'jsonl' | 'unknown';
  readonly compression: string;
  /** Its size on disk or in the store. */
  readonly bytes: number;
  /** Its size before compression; undefined if no index states it. */
  readonly rawBytes: number | undefined;
  /** Undefined if no index states it, as in an open archive. */
  readonly records: number | undefined;
  /** The times of its earliest and its latest record; undefined if no index states them. */
  readonly firstTime: Date | undefined;
  readonly lastTime: Date | undefined;
  /** 16 hex digits; undefined without sequences. If there are several writers, the first one. */
  readonly writer: string | undefined;
  /** The sequence of its first record; undefined without sequences. */
  readonly sequence: number | undefined;
}

/** How to list a series. */
export interface ListArchivesOptions
  extends Pick<RollingReadOptions, 'allowEmpty' | 'clock' | 'files' | 's3' | 'signal'> {
  /** Called for each object that matches a pattern and cannot be read. */
  readonly onSkipped?: ((skipped: SkippedArchive) => void) | undefined;
}

const LIST_OPTION_NAMES: OptionNames<ListArchivesOptions> = {
  allowEmpty: checkFlag,
  clock: checkClock,
  files: checkFiles,
  s3: S3_STORE_OPTION_NAMES,
  signal: checkSignal,
  onSkipped: true,
};

/**
 * Describes all archives that patterns match, in the natural order of their names. Reads only the
 * first bytes and the index of each archive: two small reads, or three requests to a store. An
 * archive that vanishes meanwhile is left out.
 *
 * @throws NoArchivesError, DirectoryError, StoreError, TypeError for an invalid option
 */
export function listArchives(
  patterns: SeriesPatterns,
  given?: ListArchivesOptions,
): AsyncGenerator<ArchiveSummary, void, undefined> {
  const options = readOptions(given, LIST_OPTION_NAMES);
  return summarizeAll(sortPatterns(patterns, options.s3), options);
}

async function* summarizeAll(
  patterns: SortedPatterns,
  options: ListArchivesOptions,
): AsyncGenerator<ArchiveSummary, void, undefined> {
  const { allowEmpty = false, clock = systemClock, files = nodeFileLayer } = options;
  const { onSkipped = () => undefined, signal = new AbortController().signal } = options;
  try {
    const retries = { clock, signal };
    const found = await findArchives(patterns, { files, retries, allowEmpty, onSkipped });
    found.sort((a, b) => compareNaturally(a.path, b.path));
    for (const archive of found) {
      signal.throwIfAborted();
      const summary = await summarize(archive);
      if (summary !== null) yield summary;
    }
  } finally {
    for (const store of patterns.ownStores) await store.close();
  }
}

async function summarize(archive: FoundArchive): Promise<ArchiveSummary | null> {
  try {
    const { head } = await identifyArchive(archive);
    const source = await archive.open();
    try {
      return await describe(source, archive, head);
    } finally {
      await source.close();
    }
  } catch (error) {
    if (isArchiveGone(error)) return null;
    throw error;
  }
}

async function describe(
  source: ArchiveSource,
  { isStored }: FoundArchive,
  head: ArchiveHead,
): Promise<ArchiveSummary> {
  const bytes = await source.size();
  const format = memberFormatOf(await source.read({ start: 0, end: FORMAT_BYTES }));
  const start = head.kind === 'sequenced' ? head.start : undefined;
  return {
    ...{ isStored, bytes, path: source.path, format: formatOf(head) },
    state: source.isOpen ? 'open' : 'sealed',
    compression: format?.name ?? 'none',
    writer: start?.writer,
    sequence: start?.sequence,
    ...NOTHING_KNOWN,
    ...(format === null && { rawBytes: bytes }),
    ...(source.isOpen ? undefined : await readTotals(source, bytes)),
  };
}

type Totals = Pick<ArchiveSummary, 'rawBytes' | 'records' | 'firstTime' | 'lastTime'>;

const NOTHING_KNOWN: Totals = {
  rawBytes: undefined,
  records: undefined,
  firstTime: undefined,
  lastTime: undefined,
};

/** The index's totals of the whole file; undefined if it has none. */
async function readTotals(source: ArchiveSource, bytes: number): Promise<Totals | undefined> {
  const tail = await ArchiveTail.read(source, bytes);
  for (const format of MEMBER_FORMATS) {
    const index = await readMemberIndex(format, tail);
    if (index !== null) return totalsOfMembers(index);
  }
  const { archives, isWhole } = await readIndexChain(tail, totalsOfArchive);
  if (!isWhole) return undefined;
  return {
    rawBytes: bytes,
    records: archives.reduce((sum, { records }) => sum + records, 0),
    ...timesOf(archives),
  };
}

/** Counts, and times in µs. */
interface RunOfRecords {
  readonly records: number;
  readonly earliestMicros: number;
  readonly latestMicros: number;
}

function totalsOfMembers({ members, totals }: FileMembers): Totals {
  return {
    rawBytes: totals.rawBytes,
    records: totals.recordsAreExact ? totals.records : undefined,
    ...timesOf(members.filter(({ isTimed }) => isTimed)),
  };
}

function totalsOfArchive({ index }: IndexedArchive): RunOfRecords {
  return { records: index.records, ...spanOf(index.entries) };
}

/** The earliest and the latest time of all records; infinite if there are none. */
function spanOf(runs: readonly RunOfRecords[]): Omit<RunOfRecords, 'records'> {
  let [earliestMicros, latestMicros] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const run of runs) {
    if (run.records === 0) continue;
    earliestMicros = Math.min(earliestMicros, run.earliestMicros);
    latestMicros = Math.max(latestMicros, run.latestMicros);
  }
  return { earliestMicros, latestMicros };
}

function timesOf(runs: readonly RunOfRecords[]): Pick<Totals, 'firstTime' | 'lastTime'> {
  const { earliestMicros, latestMicros } = spanOf(runs);
  if (earliestMicros > latestMicros) return { firstTime: undefined, lastTime: undefined };
  return { firstTime: new Date(earliestMicros / 1000), lastTime: new Date(latestMicros / 1000) };
}

function formatOf(head: ArchiveHead): ArchiveSummary['format'] {
  if (head.kind === 'sequenced') return 'v2';
  return head.kind === 'unsequenced' ? head.format : 'unknown';
}
