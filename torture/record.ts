import { crc32 } from 'node:zlib';

/** What a child writes: which child, which of its records, and a filling with its checksum. */
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

/** Whether a payload that was read is one that was written, to the last letter. */
export function isUnaltered({ run, n, filling, checksum }: TortureRecord): boolean {
  return checksum === checksumOf(run, n, filling) && filling === makeRecord(run, n).filling;
}

function checksumOf(run: number, n: number, filling: string): number {
  return crc32(`${run} ${n} ${filling}`);
}
