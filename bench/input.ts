import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';

export interface BenchRecord {
  readonly metadata: Readonly<Record<string, string>>;
  readonly payload: string;
}

/** Notifications of 2.9 KB with 4 pairs of metadata, where they are; else the examples' sample of 1 KB. */
const CORPORA = [
  '../../shared/corpus/notifications.jsonl.gz',
  '../examples/data/notifications.jsonl.gz',
].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** The records of the corpus, and where they are from. */
export async function readCorpus(): Promise<{ path: string; records: BenchRecord[] }> {
  const path = CORPORA.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`no corpus: ${CORPORA.join(', ')}`);
  const records: BenchRecord[] = [];
  const input = createReadStream(path).pipe(createGunzip());
  for await (const line of createInterface({ input })) records.push(JSON.parse(line));
  return { path, records };
}
