import { crc32 } from 'node:zlib';

/** A record: its child's run, its number within the run, and a filling with a checksum. */
export interface TortureRecord {
  readonly run: number;
  readonly n: number;
  readonly filling: string;
  readonly checksum: number;
}

export function makeRecord(run: number, n: number): TortureRecord {
  const filling = `${run}.${n}.`.repeat(1 + ((7 * run + 13 * n) % 60));
  return { run, n, filling, checksum: checksumOf(run, n, filling) };
}

/** Whether a payload is exactly one that a child wrote. */
export function isUnaltered({ run, n, filling, checksum }: TortureRecord): boolean {
  return checksum === checksumOf(run, n, filling) && filling === makeRecord(run, n).filling;
}

function checksumOf(run: number, n: number, filling: string): number {
  return crc32(`${run} ${n} ${filling}`);
}
