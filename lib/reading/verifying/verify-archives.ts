import { parseMaxRecordBytes } from '../../codec/records/record-encoder.js';
import { nodeFileLayer } from '../../files/file-layer.js';
import {
  checkPatterns,
  type LocalPatterns,
  listLocalArchives,
} from '../../series/listing/list-local-archives.js';
import { mayBeTorn } from '../../series/names/archive-state.js';
import { compareNaturally } from '../../series/names/natural-order.js';
import { openArchive } from '../../series/opening/open-archive.js';
import type { ArchiveReport } from './archive-report.js';
import { type ArchiveProblem, type ChainPart, chainProblems } from './chain-problems.js';
import { reportArchive, type VerifyOptions } from './verify-archive.js';

/** What was found in the archives of a series that were read whole. */
export interface SeriesReport {
  /**
   * Complete is a series in which every writer's archives are there, from the first to the one that the
   * writer ended in, each intact and each with the digest of the one before. Of version 1 and JSON lines,
   * which have no chain, only damage can be told.
   */
  readonly verdict: 'complete' | 'incomplete';
  /** In the natural order of their names. */
  readonly archives: readonly ArchiveReport[];
  readonly problems: readonly ArchiveProblem[];
}

/**
 * Reads all archives that patterns match, one at a time, and says whether the series is complete, or what
 * is missing, altered, unfinished or damaged.
 *
 * @throws NoArchivesError, DirectoryError, and what the system calls throw for a file that cannot be read
 */
export async function verifyArchives(
  patterns: LocalPatterns,
  options: VerifyOptions = {},
): Promise<SeriesReport> {
  const { files = nodeFileLayer } = options;
  const maxRecordBytes = parseMaxRecordBytes(options.maxRecordBytes);
  const found = await listLocalArchives(checkPatterns(patterns), { files, allowEmpty: false });
  const archives: ArchiveReport[] = [];
  for (const archive of found.sort(compareNaturally)) {
    const source = await openArchive(archive, files);
    try {
      archives.push(await reportArchive(source, maxRecordBytes));
    } finally {
      await source.close();
    }
  }
  const problems = [
    ...archives.flatMap(damageOf),
    ...archives.flatMap(unfinishedOf),
    ...chainProblems(archives.flatMap(partsOf)),
  ];
  return { verdict: problems.length === 0 ? 'complete' : 'incomplete', archives, problems };
}

function damageOf(report: ArchiveReport): ArchiveProblem[] {
  if (report.isIntact) return [];
  const { archive, damage, damagedStretches, gaps, indexProblem, writer, ordinal } = report;
  const [first] = damage;
  const [gap] = gaps;
  const facts = [
    first && `${damagedStretches} damaged (the first: ${first.reason} at byte ${first.begin})`,
    gap && `records ${gap.from} to ${gap.to - 1} of writer ${gap.writer} are missing`,
    indexProblem && `the index does not agree: ${indexProblem}`,
  ];
  const message = `${archive}: ${facts.filter(Boolean).join('; ')}`;
  return [{ kind: 'damaged', archive, writer, ordinal, message }];
}

/** Archives without a chain that tells it. */
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
