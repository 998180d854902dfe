import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { CaseSetup } from './bench-case.js';
import { emptyDirectory } from './empty-directory.js';

export const ARCHIVES = 200;

/** 1 GiB of the corpus. */
export const FULL_RECORDS = 370_000;
export const FIRST_TIME = Date.UTC(2025, 0, 1);

/** The time from one record to the next. */
export const STEP_MS = 100;

/** A hundred sessions, one after the other. */
export function sessionOf(record: number, records: number): string {
  return `session-${Math.floor((100 * record) / records)}`;
}

/** A series of 200 objects in a directory. */
export interface ObjectSeries {
  readonly store: string;
  readonly records: number;
}

/** Writes the series once for all cases, in a process of its own, so that no case has its memory. */
export async function makeObjects({ directory, scale }: CaseSetup): Promise<ObjectSeries> {
  const shared = join(dirname(directory), 'objects');
  const marker = join(shared, 'made.json');
  const made = await readFile(marker, 'utf8').catch(() => null);
  if (made !== null) return JSON.parse(made);
  await emptyDirectory(shared);
  const maker = fork(fileURLToPath(new URL('make-objects.js', import.meta.url)), [
    shared,
    String(scale),
  ]);
  const [message] = await once(maker, 'message');
  const series = { ...message, store: join(shared, 'store') };
  await writeFile(marker, JSON.stringify(series));
  return series;
}
