import { readFile } from 'node:fs/promises';

/** The records that a follower has emitted at once. */
export interface LogLine {
  /** The position after these records. */
  readonly cursor: string;
  readonly numbers: readonly (readonly [run: number, n: number])[];
  readonly gap?:
    | { readonly writer: string; readonly from: number; readonly to: number }
    | undefined;
}

export interface FollowLog {
  /** For each run, the numbers of its records in the order in which they were emitted. */
  readonly runs: ReadonlyMap<number, readonly number[]>;
  readonly records: number;
  readonly gaps: number;
}

export async function readLog(path: string): Promise<FollowLog> {
  const runs = new Map<number, number[]>();
  let records = 0;
  let gaps = 0;
  for (const text of (await readFile(path, 'utf8')).split('\n').slice(0, -1)) {
    const { gap, numbers } = JSON.parse(text) as LogLine;
    if (gap !== undefined) gaps++;
    for (const [run, n] of numbers) {
      const ofRun = runs.get(run) ?? [];
      runs.set(run, ofRun);
      ofRun.push(n);
      records++;
    }
  }
  return { runs, records, gaps };
}
