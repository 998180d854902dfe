import { createArchiveReader, verifyArchives } from 'shoebox-archive';

import { readNotes } from './notes.js';
import { isUnaltered, type TortureRecord } from './record.js';

/** What a torture came to. All but the first two must be 0. */
export interface Findings {
  records: number;
  synced: number;
  /** A receipt said that they are synced, and they are not there. */
  lost: number;
  repeated: number;
  altered: number;
  disordered: number;
  /** They are there, and were never appended. */
  invented: number;
  /** Sequences that are missing amid those of a writer, and records whose sequence is another's. */
  gaps: number;
  /** Archives that `verifyArchives` calls missing, altered or damaged. */
  broken: number;
}

/**
 * Reads everything back, and compares it with what was noted.
 *
 * @param notes for each run, the file that its child noted in
 */
export async function check(
  patterns: readonly string[],
  notes: ReadonlyMap<number, string>,
): Promise<Findings> {
  const seen = new Map<number, number[]>();
  const found: Findings = {
    ...{ records: 0, synced: 0, lost: 0, repeated: 0, altered: 0 },
    ...{ disordered: 0, invented: 0, gaps: 0, broken: 0 },
  };
  const reader = createArchiveReader(patterns, { allowEmpty: true });
  reader.on('gap', () => found.gaps++);
  for await (const record of reader) {
    const written = record.json() as TortureRecord;
    const { run, n } = written;
    found.records++;
    if (!isUnaltered(written) || record.metadata.run !== String(run)) found.altered++;
    if (record.sequence !== n) found.gaps++;
    const ofRun = seen.get(run) ?? [];
    seen.set(run, ofRun);
    ofRun.push(n);
  }
  for (const run of seen.keys()) if (!notes.has(run)) found.invented++;
  for (const [run, path] of notes) await compare(seen.get(run) ?? [], path, found);
  const { problems } = await verifyArchives(patterns);
  // A writer that was killed has not ended by itself.
  const broken = problems.filter(({ kind }) => kind !== 'unfinished');
  for (const { kind, message } of broken) console.log(`${kind}: ${message}`);
  found.broken = broken.length;
  return found;
}

/** Compares what was read of one run, in its order, with what its child noted. */
async function compare(read: readonly number[], path: string, found: Findings): Promise<void> {
  const { begun, synced } = await readNotes(path);
  const there = new Set(read);
  found.synced += synced.length;
  found.lost += synced.filter((n) => !there.has(n)).length;
  found.repeated += read.length - there.size;
  found.disordered += read.filter((n, i) => n < (read[i - 1] ?? n)).length;
  found.invented += read.filter((n) => n >= begun).length;
  // What a kill leaves is all that was written before some moment.
  found.gaps += there.size === 0 ? 0 : Math.max(...there) + 1 - there.size;
}
