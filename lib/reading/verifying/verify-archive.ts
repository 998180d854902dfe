import { createHash } from 'node:crypto';

import { parseMaxRecordBytes } from '../../codec/records/record-encoder.js';
import type { SequenceConflict } from '../../errors/conflict-error.js';
import { type FileLayer, nodeFileLayer } from '../../files/file-layer.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkFiles, checkPath, checkSignal } from '../../format/option-values.js';
import type { ByteCount } from '../../format/quantity.js';
import { KIND_RECORDS } from '../../format/version-2.js';
import { abortableSource } from '../../series/opening/abortable-source.js';
import type { ArchiveSource } from '../../series/opening/archive-source.js';
import { DamageList } from '../../series/opening/damage-list.js';
import { FileSource } from '../../series/opening/file-source.js';
import { readPastDamage } from '../../series/opening/read-past-damage.js';
import { walkArchive } from '../../series/opening/walk-archive.js';
import { findConflict, type OpenableArchive } from '../archives/find-conflict.js';
import type { SequenceLedger } from '../sequences/sequence-ledger.js';
import type { ArchivePart, ArchiveReport } from './archive-report.js';
import { sha256Problem } from './index-problem.js';
import { MetadataIndexCheck } from './metadata-index-check.js';
import { MOST_PARTS, PartCollector, type UncheckedIndex } from './part-collector.js';
import { RangeHash } from './range-hash.js';

/** How to verify an archive. */
export interface VerifyOptions {
  /** The largest valid record; a larger one counts as damage. @default '64 MiB' */
  readonly maxRecordBytes?: ByteCount | undefined;
  /** The file system to read from. @default nodeFileLayer */
  readonly files?: FileLayer | undefined;
  /** Ends the work, also amid a large archive: it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** All options of a verification. */
export const VERIFY_OPTION_NAMES: OptionNames<VerifyOptions> = {
  maxRecordBytes: true,
  files: checkFiles,
  signal: checkSignal,
};

/**
 * Reads a whole archive, plain or compressed, and reports what is wrong with it: checks every checksum,
 * every block, and everything that an index claims. A torn last frame of `NAME.open` is its end,
 * not damage.
 *
 * @param path the path of the file, with the suffix of its state
 * @throws Node's error for a file that cannot be read, or the signal's reason; never for what the
 *   file contains
 */
export async function verifyArchive(path: string, given?: VerifyOptions): Promise<ArchiveReport> {
  const options = readOptions(given, VERIFY_OPTION_NAMES);
  const maxRecordBytes = parseMaxRecordBytes(options.maxRecordBytes);
  const { files = nodeFileLayer, signal } = options;
  checkPath('path', path);
  const open = async () =>
    abortableSource(new FileSource(await files.open(path, 'rl'), path), signal);
  return await reportArchive({ path, open }, { maxRecordBytes });
}

export interface ReportOptions {
  readonly maxRecordBytes: number;
  /** Notes all blocks of the archive, to compare them with those of other archives. */
  readonly ledger?: SequenceLedger;
  /** Called with how many more uncompressed bytes were read. */
  readonly onBytes?: (bytes: number) => void;
}

/** The report of `verifyArchive`. */
export async function reportArchive(
  archive: OpenableArchive,
  options: ReportOptions,
): Promise<ArchiveReport> {
  const source = await archive.open();
  try {
    return await reportSource(source, archive, options);
  } finally {
    await source.close();
  }
}

async function reportSource(
  source: ArchiveSource,
  archive: OpenableArchive,
  { ledger, maxRecordBytes, onBytes }: ReportOptions,
): Promise<ArchiveReport> {
  const whole = createHash('sha256');
  const ranges = new RangeHash();
  const collector = new PartCollector(ranges, source.path);
  const metadataIndexes = await MetadataIndexCheck.read(source);
  ledger?.beginArchive(source.path);
  const damage = new DamageList();
  const versions = new Set<number>();
  let [bytes, records, frames] = [0, 0, 0];
  let format: ArchiveReport['format'] = 'frames';
  const pieces = walkArchive(source, {
    maxRecordBytes,
    onDamage: (skipped) => damage.add(skipped),
    onBytes: (chunk) => {
      bytes += chunk.length;
      onBytes?.(chunk.length);
      whole.update(chunk);
      ranges.push(chunk);
    },
    onLost: (resumesAt) => {
      ranges.pass(resumesAt);
      bytes = resumesAt;
    },
    onProgress: (offset) => ranges.advance(offset),
  });
  for await (const piece of pieces) {
    if (piece.kind === 'lines') {
      format = 'jsonl';
      records += piece.lines.length;
      continue;
    }
    frames++;
    records += piece.records;
    versions.add(piece.frame.version);
    collector.add(piece.frame, piece.records);
    metadataIndexes.add(piece.frame);
    const { header } = piece.frame;
    if (header?.kind === KIND_RECORDS) ledger?.noteRead(header);
  }
  collector.end(bytes);
  const parts = await checkLate(source, collector);
  const { gaps, late, repeated } = collector;
  const conflicts: SequenceConflict[] = [];
  for (const overlap of collector.takeOverlaps()) {
    const conflict = await findConflict(archive, archive, overlap, { maxRecordBytes });
    if (conflict !== null) conflicts.push(conflict);
  }
  const tooMany =
    collector.omittedParts > 0 ? `only ${MOST_PARTS} archives in the file were checked` : undefined;
  const indexProblem =
    parts.find(({ index }) => index?.problem !== undefined)?.index?.problem ??
    metadataIndexes.problem ??
    tooMany;
  const last = parts.at(-1);
  const sealed = parts.findLast(({ index }) => index !== undefined);
  const state = last?.index === undefined ? 'missing' : 'valid';
  return {
    archive: source.path,
    format,
    bytes,
    sha256: whole.digest('hex'),
    isRead: true,
    records,
    frames,
    versions: [...versions].sort((a, b) => a - b),
    damage: damage.named,
    damagedStretches: damage.stretches,
    ...{ gaps, late, repeated, conflicts },
    index: indexProblem === undefined ? state : 'invalid',
    indexProblem,
    writer: sealed?.writer,
    ordinal: sealed?.index?.ordinal,
    writerEnded: sealed?.index?.writerEnded ?? false,
    parts,
    isIntact: damage.stretches + gaps.length + conflicts.length === 0 && indexProblem === undefined,
  };
}

/** Reads the archive again to check indexes that could not be checked in the first pass. */
async function checkLate(
  source: ArchiveSource,
  { parts, unchecked }: PartCollector,
): Promise<ArchivePart[]> {
  const checked = [...parts];
  if (unchecked.length === 0) return checked;
  const ranges = new RangeHash();
  const marks = unchecked.flatMap((late) => marksOf(late, checked, ranges));
  let reached = 0;
  let bytes = 0;
  // The first pass has already reported damage.
  for await (const piece of readPastDamage(source, 'skip')) {
    if (Buffer.isBuffer(piece)) ranges.push(piece);
    else if (piece.resumesAt !== undefined) ranges.pass(piece.resumesAt);
    bytes = Buffer.isBuffer(piece) ? bytes + piece.length : (piece.resumesAt ?? bytes);
    for (let mark = marks[reached]; mark && mark.offset <= bytes; mark = marks[++reached]) {
      ranges.advance(mark.offset);
      mark.act();
    }
    ranges.advance(bytes);
  }
  return checked;
}

/**
 * What to do at which offset: where the indexed bytes begin, where they end, and where the part
 * ends.
 */
function marksOf(late: UncheckedIndex, parts: ArchivePart[], ranges: RangeHash) {
  const part = parts[late.part];
  const index = part?.index;
  if (part === undefined || index === undefined) return [];
  let { problem } = index;
  const check = () => {
    problem ??= sha256Problem(late.sha256, ranges.digest());
  };
  const settle = () => {
    parts[late.part] = { ...part, index: { ...index, problem, sha256: ranges.digest() } };
  };
  return [
    { offset: late.begin, act: () => ranges.restart() },
    { offset: late.end, act: check },
    { offset: part.end, act: settle },
  ];
}
