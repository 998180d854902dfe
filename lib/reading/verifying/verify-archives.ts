import { parseMaxRecordBytes } from '../../codec/records/record-encoder.js';
import { nodeFileLayer } from '../../files/file-layer.js';
import { readOptions } from '../../format/option-names.js';
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
import { reportArchive, VERIFY_OPTION_NAMES, type VerifyOptions } from './verify-archive.js';

/** The result of reading all archives of a series. */
export interface SeriesReport {
  /**
   * `complete`: every writer's archives exist, from the first to the one in which the writer ended,
   * each is intact, and each holds the digest of the one before it. Version 1 and JSON lines have
   * no such chain: for them only damage can be found.
   */
  readonly verdict: 'complete' | 'incomplete';
  /** Sorted by name in natural order. */
  readonly archives: readonly ArchiveReport[];
  readonly problems: readonly ArchiveProblem[];
}

/**
 * Reads all archives that patterns match, one at a time, and reports whether the series is
 * complete, or which archives are missing, altered, unfinished or damaged.
 *
 * @throws NoArchivesError, DirectoryError, and Node's error for a file that cannot be read
 */
export async function verifyArchives(
  patterns: LocalPatterns,
  given?: VerifyOptions,
): Promise<SeriesReport> {
  const options = readOptions(given, VERIFY_OPTION_NAMES);
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
    first &&
      `${damagedStretches} damaged stretches (the first: ${first.reason} at byte ${first.begin})`,
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
