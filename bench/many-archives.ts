import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { CaseSetup } from './bench-case.js';

export const WRITERS = 300;

/** Together 10,200 archives of 30 KB. */
const ARCHIVES_EACH = 34;
export const PER_ARCHIVE = 25;
export const FIRST_MS = Date.UTC(2026, 0, 1);

/** The id of a writer: as different from others as random ones are. */
export function nameWriter(number: number): string {
  return createHash('sha256').update(String(number)).digest('hex').slice(0, 16);
}

export interface ManyArchives {
  readonly directory: string;
  readonly archives: number;
  readonly records: number;
}

/** Writes the archives once for all cases. */
export async function makeManyArchives({ directory, scale }: CaseSetup): Promise<ManyArchives> {
  const each = Math.ceil(ARCHIVES_EACH * scale);
  const archives = WRITERS * each;
  const made = { archives, records: archives * PER_ARCHIVE };
  const shared = join(dirname(directory), 'many');
  const isFirst = (await mkdir(shared, { recursive: true })) !== undefined;
  const source = join(shared, 'archives');
  if (isFirst) {
    await mkdir(source);
    const script = fileURLToPath(new URL('make-writers.js', import.meta.url));
    await promisify(execFile)(process.execPath, [script, source, String(each)]);
    await writeFile(join(shared, 'made'), '');
  }
  return { ...made, directory: source };
}
