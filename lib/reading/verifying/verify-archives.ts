import type { KeyObject } from 'node:crypto';

import { parseMaxRecordBytes } from '../../codec/records/record-encoder.js';
import { ConflictError, type SequenceConflict } from '../../errors/conflict-error.js';
import { nodeFileLayer } from '../../files/file-layer.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkClock, checkFlag } from '../../format/option-values.js';
import { findArchives, type SkippedArchive } from '../../series/listing/find-archives.js';
import { type SeriesPatterns, sortPatterns } from '../../series/listing/series-patterns.js';
import { mayBeTorn } from '../../series/names/archive-state.js';
import { compareNaturally } from '../../series/names/natural-order.js';
import { abortableArchive } from '../../series/opening/abortable-source.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';
import { isArchiveGone } from '../../series/opening/open-archive.js';
import { S3_STORE_OPTION_NAMES, type S3StoreOptions } from '../../stores/s3/s3-store-options.js';
import { type Clock, systemClock } from '../../streams/clock.js';
import { findConflict } from '../archives/find-conflict.js';
import { SequenceLedger } from '../sequences/sequence-ledger.js';
import type { ArchiveReport } from './archive-report.js';
import type { ArchiveProblem, ChainPart } from './chain-part.js';
import { chainProblems } from './chain-problems.js';
import { findManifests } from './find-manifests.js';
import { checkPublicKey, parseHeads } from './manifest-key.js';
import { manifestProblems } from './manifest-problems.js';
import { nameProblems } from './name-problems.js';
import { reportByIndex } from './report-by-index.js';
import { unendedWriters } from './unended-writers.js';
import { reportArchive, VERIFY_OPTION_NAMES, type VerifyOptions } from './verify-archive.js';

/** The result of reading all archives of a series. */
export interface SeriesReport {
  /**
   * `complete`: every writer's archives exist, from the first to the last one that was found, each
   * is intact, and each holds the digest of the one before it. An archive that was checked by its
   * indexes only (`isRead` is false) has no digest to compare. Version 1 and JSON lines have no such
   * chain: for them only damage can be found.
   */
  readonly verdict: 'complete' | 'incomplete';
  /**
   * `yes`: every writer ended in an archive that was found, so that no later one can be missing.
   * `unknown`: at least one writer did not (see `unended`), or no archive names its writer.
   */
  readonly ended: 'yes' | 'unknown';
  /**
   * The ids of the writers of which no archive says that they ended in it: they still write, were
   * killed, or ended right after a roll, without another record.
   */
  readonly unended: readonly string[];
  /** Sorted by name in natural order. */
  readonly archives: readonly ArchiveReport[];
  readonly problems: readonly ArchiveProblem[];
}

/** How far a verification has come. */
export interface VerifyProgress {
  /** How many archives were checked, of how many. */
  readonly archives: number;
  readonly of: number;
  /** The uncompressed bytes of what was checked. */
  readonly bytes: number;
}

/** How to verify a series. */
export interface VerifySeriesOptions extends VerifyOptions {
  /**
   * Whether to read every byte. Otherwise this checks of each archive that it exists, has the size
   * and begins with the record that its indexes say, and that all indexes agree: records, ordinals
   * and sequences within it, and from one archive to the next. Archives without an index, and those
   * with a damaged one, are read all the same.
   * @default true on local disk, false in stores
   */
  readonly full?: boolean | undefined;
  /**
   * The public key of Ed25519 of the writer's `manifests.sign`, as a `KeyObject`. Then the manifests in
   * the folders of the patterns are verified, too (docs/manifest.md): objects that were deleted,
   * replaced or inserted, and manifests that were deleted, replaced or reordered. Give patterns of all
   * partitions, because the manifests of all of them form one chain. Every object that a manifest
   * lists is read, unless `full` is false. @default manifests are not verified
   */
  readonly publicKey?: KeyObject | undefined;
  /**
   * The SHA-256 of the newest manifest in hex, or those of several archivers. Without it, a deletion
   * of the newest manifests is not found. Goes with `publicKey`.
   */
  readonly head?: string | readonly string[] | undefined;
  /** Called after each archive, and while one is read. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
  /** Service and credentials for patterns that begin with `s3://`. */
  readonly s3?: S3StoreOptions | undefined;
  /** Clock for the delays before failed requests to a store are repeated. @default systemClock */
  readonly clock?: Clock | undefined;
}

const VERIFY_SERIES_OPTION_NAMES: OptionNames<VerifySeriesOptions> = {
  ...VERIFY_OPTION_NAMES,
  full: checkFlag,
  publicKey: checkPublicKey,
  head: true,
  onProgress: true,
  s3: S3_STORE_OPTION_NAMES,
  clock: checkClock,
};

/** How many archives are compared with an archive that overlaps them. */
const MOST_COMPARED = 256;

/**
 * Checks all archives that patterns match, local and in stores, one at a time, and reports whether
 * the series is complete, or which archives are missing, altered, unfinished, damaged or in
 * conflict. Accepts every pattern that a reader accepts.
 *
 * @throws NoArchivesError, DirectoryError, StoreError, Node's error for a file that cannot be read,
 *   and the signal's reason
 */
export async function verifyArchives(
  patterns: SeriesPatterns,
  given?: VerifySeriesOptions,
): Promise<SeriesReport> {
  const options = readOptions(given, VERIFY_SERIES_OPTION_NAMES);
  const { clock = systemClock, files = nodeFileLayer, s3, signal } = options;
  const maxRecordBytes = parseMaxRecordBytes(options.maxRecordBytes);
  const heads = parseHeads(options);
  const sorted = sortPatterns(patterns, s3);
  const retries = { clock, signal: signal ?? new AbortController().signal };
  try {
    const skipped: SkippedArchive[] = [];
    const onSkipped = (archive: SkippedArchive) => skipped.push(archive);
    const found = await findArchives(sorted, { files, retries, allowEmpty: false, onSkipped });
    found.sort((a, b) => compareNaturally(a.path, b.path));
    const archives = found.map((archive) => abortableArchive(archive, signal));
    const report = withSkipped(await verifyFound(archives, maxRecordBytes, options), skipped);
    if (options.publicKey === undefined) return report;
    const checks = { publicKey: options.publicKey, heads, full: options.full ?? true };
    const folders = await findManifests(sorted, retries.signal);
    const { signal: ending } = retries;
    return withProblems(report, await manifestProblems(folders, { ...checks, signal: ending }));
  } finally {
    for (const store of sorted.ownStores) await store.close();
  }
}

/** An object that cannot be read may hold records, so the series is not complete. */
function withSkipped(report: SeriesReport, skipped: readonly SkippedArchive[]): SeriesReport {
  if (skipped.length === 0) return report;
  const problems = skipped.map(({ path, reason }): ArchiveProblem => {
    const message = `${path}: cannot be read, because its key ${reason}`;
    return { kind: 'skipped', archive: path, writer: undefined, ordinal: undefined, message };
  });
  return withProblems(report, problems);
}

function withProblems(report: SeriesReport, problems: readonly ArchiveProblem[]): SeriesReport {
  if (problems.length === 0) return report;
  return { ...report, verdict: 'incomplete', problems: [...report.problems, ...problems] };
}

async function verifyFound(
  found: readonly FoundArchive[],
  maxRecordBytes: number,
  { full, onProgress }: VerifySeriesOptions,
): Promise<SeriesReport> {
  const archives: ArchiveReport[] = [];
  const conflicts: SequenceConflict[] = [];
  const gone: ArchiveProblem[] = [];
  /** By the numbers that the ledger knows them by. */
  const read: FoundArchive[] = [];
  const ledger = new SequenceLedger({ whenLate: 'read' });
  let bytes = 0;
  const onBytes = (count: number) => {
    bytes += count;
    onProgress?.({ archives: archives.length + gone.length, of: found.length, bytes });
  };
  for (const archive of found) {
    try {
      const isRead = full ?? !archive.isStored;
      const report = isRead ? null : await reportByIndex(archive);
      archives.push(report ?? (await reportArchive(archive, { maxRecordBytes, ledger, onBytes })));
      if (report === null) read.push(archive);
      onBytes(report?.bytes ?? 0);
    } catch (error) {
      if (!archive.isStored || !isArchiveGone(error)) throw error;
      gone.push(goneProblem(archive.path));
      onBytes(0);
    }
    for (const [i, overlap] of ledger.takeOverlaps().entries()) {
      const other = read[overlap.first];
      // The report of the archive compares it with itself.
      if (other === undefined || other === archive) continue;
      const { begin: from, end: to, writer } = overlap;
      const conflict =
        i < MOST_COMPARED
          ? await findConflict(archive, other, overlap, { maxRecordBytes })
          : { writer, from, to, archive: archive.path, other: other.path };
      if (conflict !== null) conflicts.push(conflict);
    }
  }
  const parts = archives.flatMap(partsOf);
  const chain = chainProblems(parts);
  // An archive that is not the one that another names has other records, too.
  const altered = new Set(
    chain.filter(({ kind }) => kind === 'altered').map(({ archive }) => archive),
  );
  const problems = [
    ...archives.flatMap(damageOf),
    ...archives.flatMap(unfinishedOf),
    ...conflicts.filter(({ archive }) => !altered.has(archive)).map(conflictProblem),
    ...chain,
    ...nameProblems(parts),
    ...gone,
  ];
  const unended = unendedWriters(parts);
  return {
    verdict: problems.length === 0 ? 'complete' : 'incomplete',
    ended: parts.length > 0 && unended.length === 0 ? 'yes' : 'unknown',
    unended,
    archives,
    problems,
  };
}

/** It was deleted after the store had listed it, or the listing is wrong. */
function goneProblem(path: string): ArchiveProblem {
  const message = `${path}: is listed, but does not exist`;
  return { kind: 'missing', archive: path, writer: undefined, ordinal: undefined, message };
}

function conflictProblem(conflict: SequenceConflict): ArchiveProblem {
  const { archive, writer } = conflict;
  const { message } = new ConflictError(conflict);
  return { kind: 'conflict', archive, writer, ordinal: undefined, message };
}

function damageOf(report: ArchiveReport): ArchiveProblem[] {
  if (report.isIntact) return [];
  const { archive, conflicts, damage, damagedStretches, gaps } = report;
  const { indexProblem, writer, ordinal } = report;
  const [first] = damage;
  const [conflict] = conflicts;
  const [gap] = gaps;
  const facts = [
    first &&
      `${damagedStretches} damaged ${damagedStretches === 1 ? 'stretch' : 'stretches'} ` +
        `(the first: ${first.reason} at byte ${first.begin})`,
    conflict && new ConflictError(conflict).message,
    gap && `records ${gap.from} to ${gap.to - 1} of writer ${gap.writer} are missing`,
    indexProblem && `the index is wrong: ${indexProblem}`,
  ];
  const message = `${archive}: ${facts.filter(Boolean).join('; ')}`;
  return [{ kind: 'damaged', archive, writer, ordinal, message }];
}

/** Open or empty archives that belong to no chain, where `chainProblems` would report them. */
function unfinishedOf({ archive, bytes, parts }: ArchiveReport): ArchiveProblem[] {
  const isOpen = mayBeTorn(archive);
  if ((bytes > 0 && !isOpen) || parts.some((part) => part.writer !== undefined)) return [];
  const message = `${archive}: ${isOpen ? 'is still open' : 'is empty'}`;
  return [{ kind: 'unfinished', archive, writer: undefined, ordinal: undefined, message }];
}

function partsOf({ archive, isIntact, parts }: ArchiveReport): ChainPart[] {
  return parts.flatMap((part) => {
    const { writer } = part;
    return writer === undefined ? [] : [{ ...part, writer, archive, isIntact }];
  });
}
