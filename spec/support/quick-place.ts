import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** The free memory that specs need: containers may have far less. */
const ENOUGH_BYTES = 2 ** 30;

/**
 * The directory for specs that make thousands of calls: a file system in memory if there is one.
 * These specs try the calls, not the disk.
 */
export const QUICK_PLACE = hasRoom('/dev/shm') ? '/dev/shm' : tmpdir();

function hasRoom(path: string): boolean {
  if (!existsSync(path)) return false;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize >= ENOUGH_BYTES;
}
