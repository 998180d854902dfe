import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Containers may have far less. */
const ENOUGH_BYTES = 2 ** 30;

/**
 * Where directories are made for specs that make thousands of calls: in memory where there is a place for it.
 * What they try are the calls, not the disk.
 */
export const QUICK_PLACE = hasRoom('/dev/shm') ? '/dev/shm' : tmpdir();

function hasRoom(path: string): boolean {
  if (!existsSync(path)) return false;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize >= ENOUGH_BYTES;
}
