import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { createArchiveReader, verifyArchives } from '../../lib/index.js';
import { textOf } from './message-text.js';

/** What archives hold of a source. All counts but the first must be 0. */
export interface Findings {
  messages: number;
  missing: number;
  repeated: number;
  altered: number;
  conflicts: number;
  /** Messages that were confirmed, and are not archived under any sequence. */
  unseen: number;
  /** Messages that `zcat` does not show. */
  unseenByZcat: number;
  /** Problems that `verifyArchives` reports. */
  broken: number;
}

/** The records that a series must have: those of all sequences from the first to before the end. */
export interface ExpectedSeries {
  /** Its folder in spools and store. */
  readonly folder: string;
  readonly first: number;
  readonly end: number;
}

/** Reads all series of a source from all spools and the store. */
export async function checkSeries(
  work: string,
  series: readonly ExpectedSeries[],
  confirmed: number,
): Promise<Findings> {
  const found: Findings = {
    ...{ messages: 0, missing: 0, repeated: 0, altered: 0, conflicts: 0 },
    ...{ unseen: 0, unseenByZcat: 0, broken: 0 },
  };
  const numbers = new Set<number>();
  for (const { end, first, folder } of series) {
    const patterns = ['store', 'host-*'].map((place) => join(work, place, folder, '*.events*'));
    const reader = createArchiveReader(patterns, { order: 'time', allowEmpty: true });
    reader.on('conflict', () => found.conflicts++);
    const sequences = new Set<number>();
    for await (const record of reader) {
      const { sequence = -1 } = record;
      found.messages++;
      if (sequences.has(sequence)) found.repeated++;
      sequences.add(sequence);
      const number = Number(/^<message (\d+)>/.exec(record.text())?.[1] ?? Number.NaN);
      if (record.text() !== textOf(number)) found.altered++;
      numbers.add(number);
    }
    for (let at = first; at < end; at++) if (!sequences.has(at)) found.missing++;
    const { problems } = await verifyArchives(patterns, { full: true });
    // A writer that was killed leaves its run unfinished.
    const broken = problems.filter(({ kind }) => kind !== 'unfinished');
    for (const { kind, message } of broken.slice(0, 5)) console.log(`${kind}: ${message}`);
    found.broken += broken.length;
  }
  for (let number = 0; number < confirmed; number++) if (!numbers.has(number)) found.unseen++;
  const shown = await numbersByZcat(work);
  for (const number of numbers) if (!shown.has(number)) found.unseenByZcat++;
  return found;
}

/** The messages that `zcat` shows of all files. */
async function numbersByZcat(work: string): Promise<Set<number>> {
  const shown = new Set<number>();
  const files = await readdir(work, { recursive: true, withFileTypes: true });
  const paths = files
    .filter((file) => file.isFile() && /\.events(\.gz|\.open|\.stale)?$/.test(file.name))
    .map((file) => join(file.parentPath, file.name));
  for (let at = 0; at < paths.length; at += 100) {
    // Also an archive that a kill left open, which is not compressed.
    const args = ['-f', ...paths.slice(at, at + 100)];
    const { stdout } = await promisify(execFile)('zcat', args, {
      ...{ encoding: 'latin1', maxBuffer: 2 ** 30 },
    });
    for (const [, number] of stdout.matchAll(/<message (\d+)>/g)) shown.add(Number(number));
  }
  return shown;
}
