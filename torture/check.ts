import { createArchiveReader, verifyArchives } from 'shoebox-archive';

import { readNotes } from './notes.js';
import { isUnaltered, type TortureRecord } from './record.js';

/** The result of a torture run. All counts but the first two must be 0. */
export interface Findings {
  records: number;
  synced: number;
  /** Records that are missing although a receipt said `synced`. */
  lost: number;
  repeated: number;
  altered: number;
  disordered: number;
  /** Records that were read but never appended. */
  invented: number;
  /** Sequences that are missing within a writer's records, and records with a wrong sequence. */
  gaps: number;
  /** Archives that `verifyArchives` reports as missing, altered or damaged. */
  broken: number;
}

/**
 * Reads all records back and compares them with the notes.
 *
 * @param notes for each run, the path of its child's notes
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
  const { problems } = await verifyArchives(patterns, { full: true });
  // A writer that was killed leaves its series unfinished.
  const broken = problems.filter(({ kind }) => kind !== 'unfinished');
  for (const { kind, message } of broken) console.log(`${kind}: ${message}`);
  found.broken = broken.length;
  return found;
}

/** Compares the records of one run, in their order of reading, with its child's notes. */
async function compare(read: readonly number[], path: string, found: Findings): Promise<void> {
  const { begun, synced } = await readNotes(path);
  const there = new Set(read);
  found.synced += synced.length;
  found.lost += synced.filter((n) => !there.has(n)).length;
  found.repeated += read.length - there.size;
  found.disordered += read.filter((n, i) => n < (read[i - 1] ?? n)).length;
  found.invented += read.filter((n) => n >= begun).length;
  // A kill may only cut the records off at some point, so none before the last one may be missing.
  found.gaps += there.size === 0 ? 0 : Math.max(...there) + 1 - there.size;
}
