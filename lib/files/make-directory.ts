import { dirname, resolve } from 'node:path';

import type { FileLayer } from './file-layer.js';
import { isMissing } from './system-error.js';

/**
 * Makes a directory, with those above it, where there is none. Each new name is synced: otherwise a
 * power loss could take the directory with all that was moved there.
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
