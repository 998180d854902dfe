import { MEMBER_FORMATS } from '../../codec/compression/member-formats.js';
import type { ArchiveSource } from '../../series/opening/archive-source.js';
import { ArchiveTail } from '../../series/opening/archive-tail.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';
import { readIndexChain } from '../../series/opening/index-chain.js';
import { isArchiveGone } from '../../series/opening/open-archive.js';
import { readMemberIndex } from '../../series/opening/read-member-index.js';

/** Consecutive records of one writer, as an index describes them. */
export interface WriterRun {
  /** 16 hex digits. */
  readonly writer: string;
  /** The sequence of its first record. */
  readonly sequence: number;
  /** How many records it has. With given sequences, its last sequence may be larger than that. */
  readonly records: number;
  /** In µs since the epoch. */
  readonly earliestMicros: number;
  readonly latestMicros: number;
}

/**
 * The runs of an archive, by its index: one small read, or one request. Empty without an index, for
 * records without sequences, and if the archive is gone.
 */
export async function readRuns(archive: FoundArchive): Promise<WriterRun[]> {
  try {
    const source = await archive.open('end');
    try {
      return source.isOpen ? [] : await runsOf(source);
    } finally {
      await source.close();
    }
  } catch (error) {
    if (isArchiveGone(error)) return [];
    throw error;
  }
}

async function runsOf(source: ArchiveSource): Promise<WriterRun[]> {
  const tail = await ArchiveTail.read(source, await source.size());
  for (const format of MEMBER_FORMATS) {
    const found = await readMemberIndex(format, tail);
    if (found === null) continue;
    const { members, totals } = found;
    const { writer } = totals;
    // The times of the other members, and the writers of their records, are not known.
    if (writer === null || members.some(({ isTimed }) => !isTimed)) return [];
    return members.filter(({ records }) => records > 0).map((member) => ({ ...member, writer }));
  }
  const { archives, isWhole } = await readIndexChain(tail, ({ header, index }) =>
    index.entries.map((entry) => ({ ...entry, writer: header.writer })),
  );
  return isWhole ? archives.toReversed().flat() : [];
}

/** One run for each run of several that are of the same writer and in order. */
export function joinRuns(runs: readonly WriterRun[]): WriterRun[] {
  const joined: WriterRun[] = [];
  for (const run of runs) {
    const last = joined.at(-1);
    if (last?.writer !== run.writer || run.sequence < last.sequence + last.records) {
      joined.push(run);
      continue;
    }
    joined[joined.length - 1] = {
      writer: run.writer,
      sequence: last.sequence,
      records: last.records + run.records,
      earliestMicros: Math.min(last.earliestMicros, run.earliestMicros),
      latestMicros: Math.max(last.latestMicros, run.latestMicros),
    };
  }
  return joined;
}
