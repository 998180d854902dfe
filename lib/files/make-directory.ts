import { dirname, resolve } from 'node:path';

import type { FileLayer } from './file-layer.js';
import { isMissing } from './system-error.js';

/**
 * Creates a directory and its parents where they are missing. Syncs each new name: otherwise a
 * power loss could remove the directory with everything that was moved into it.
 */
export async function makeDirectory(files: FileLayer, directory: string): Promise<void> {
  const path = resolve(directory);
  try {
    await files.stat(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await makeDirectory(files, dirname(path));
    await files.mkdir(path);
    await files.syncDirectory(dirname(path));
  }
}
