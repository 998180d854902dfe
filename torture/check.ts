import { readFile } from 'node:fs/promises';

import { createArchiveReader } from 'shoebox-archive';

import { isUnaltered, type TortureRecord } from './record.js';

/** What a torture came to. All but the first two must be 0. */
export interface Findings {
  records: number;
  synced: number;
  lost: number;
  repeated: number;
  altered: number;
  disordered: number;
}

/**
 * Reads everything back, and compares it with what receipts had said.
 *
 * @param notes for each run, the file that its child noted synced records in
 */
export async function check(
  patterns: readonly string[],
  notes: ReadonlyMap<number, string>,
): Promise<Findings> {
  const found: Findings = {
    records: 0,
    synced: 0,
    lost: 0,
    repeated: 0,
    altered: 0,
    disordered: 0,
  };
  const seen = new Map<number, Set<number>>();
  const last = new Map<number, number>();
  for await (const record of createArchiveReader(patterns, { allowEmpty: true })) {
    const written = record.json() as TortureRecord;
    const { run, n } = written;
    found.records++;
    if (!isUnaltered(written) || record.metadata.run !== String(run)) found.altered++;
    const ofRun = seen.get(run) ?? new Set();
    seen.set(run, ofRun);
    if (ofRun.has(n)) found.repeated++;
    else if (n < (last.get(run) ?? -1)) found.disordered++;
    ofRun.add(n);
    last.set(run, n);
  }
  for (const [run, path] of notes) {
    // The last line may be cut off by the kill: then its record was not said to be synced.
    const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    found.synced += lines.length;
    found.lost += lines.filter((line) => !seen.get(run)?.has(Number(line))).length;
  }
  return found;
}
