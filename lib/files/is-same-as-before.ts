import type { FileLayer, FileStatus } from './file-layer.js';
import { findFile } from './find-file.js';
import { isUnchanged } from './same-file.js';

/**
 * Whether the file that was found at a path is the one that was there before, unchanged: it has the
 * same inode number, size and time. A number that differs means nothing if it differs with every
 * call, as on some network file systems.
 *
 * @param found the status of the file at the path now
 */
export async function isSameAsBefore(
  path: string,
  found: FileStatus,
  before: Pick<FileStatus, 'ino' | 'size' | 'mtimeMs'>,
  files: FileLayer,
): Promise<boolean> {
  if (!isUnchanged(found, before)) return false;
  if (found.ino === before.ino) return true;
  const again = await findFile(path, files);
  return again !== null && again.ino !== found.ino && isUnchanged(again, before);
}
