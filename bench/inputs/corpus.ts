import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';

import type { BenchRecord } from './input.js';

/**
 * Notifications of 2.9 KB with 4 pairs of metadata if the corpus exists; else the examples' sample
 * of 1 KB.
 */
const CORPORA = [
  '../../../shared/corpus/notifications.jsonl.gz',
  '../../examples/data/notifications.jsonl.gz',
].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** The path of the corpus. */
export function corpusPath(): string {
  const path = CORPORA.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`no corpus: ${CORPORA.join(', ')}`);
  return path;
}

/** Whether the corpus is only the examples' sample. */
export function isSample(): boolean {
  return corpusPath() === CORPORA[1];
}

export async function readCorpus(): Promise<BenchRecord<string>[]> {
  const records: BenchRecord<string>[] = [];
  const input = createReadStream(corpusPath()).pipe(createGunzip());
  for await (const line of createInterface({ input })) records.push(JSON.parse(line));
  return records;
}
