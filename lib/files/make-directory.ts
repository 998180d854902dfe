import { dirname, resolve } from 'node:path';

import type { FileLayer } from './file-layer.js';
import { syncDirectory } from './sync-directory.js';
import { isMissing, systemCodeOf } from './system-error.js';

/**
 * Creates a directory and its parents where they are missing. Syncs each new name: otherwise a
 * power loss could remove the directory with everything that was moved into it. Also syncs the name
 * of a directory that exists: the process that made it may have been killed before its sync.
 */
export async function makeDirectory(files: FileLayer, directory: string): Promise<void> {
  const path = resolve(directory);
  try {
    await files.stat(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await makeDirectory(files, dirname(path));
    await files.mkdir(path);
    await syncDirectory(files, dirname(path));
    return;
  }
  await syncIfReadable(files, dirname(path));
}

/**
 * Syncs a directory, unless this process may not read it. Then another user made the names in it,
 * and is responsible for them.
 */
export async function syncIfReadable(files: FileLayer, directory: string): Promise<void> {
  try {
    await syncDirectory(files, directory);
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(systemCodeOf(error) ?? '')) throw error;
  }
}
