import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const CHUNK_BYTES = 2 ** 20;
const SYNCS = 10;

/** Times of the disk alone, without any format. */
export interface DiskFigures {
  readonly bytes: number;
  /** Writing in chunks of 1 MiB and one sync at the end. */
  readonly writeMs: number;
  /** Reading the same file, which the system most likely has in memory. */
  readonly readMs: number;
  /** Writing 4 KiB and syncing them. */
  readonly syncMs: number;
}

/** Writes, syncs and reads one file in a directory. */
export async function measureDisk(directory: string, bytes: number): Promise<DiskFigures> {
  const chunk = randomBytes(CHUNK_BYTES);
  const file = await open(join(directory, 'raw'), 'wx+');
  try {
    const writeMs = await elapsedMs(async () => {
      for (let at = 0; at < bytes; at += CHUNK_BYTES) await file.write(chunk, 0, CHUNK_BYTES, at);
      await file.datasync();
    });
    const readMs = await elapsedMs(async () => {
      for (let at = 0; at < bytes; at += CHUNK_BYTES) await file.read(chunk, 0, CHUNK_BYTES, at);
    });
    const syncsMs = await elapsedMs(async () => {
      for (let i = 0; i < SYNCS; i++) {
        await file.write(chunk, 0, 4096, bytes + 4096 * i);
        await file.datasync();
      }
    });
    return { bytes, writeMs, readMs, syncMs: syncsMs / SYNCS };
  } finally {
    await file.close();
  }
}

/** How long work takes. */
export async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const begunMs = performance.now();
  await work();
  return performance.now() - begunMs;
}
