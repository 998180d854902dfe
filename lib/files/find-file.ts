import type { FileLayer, FileStatus } from './file-layer.js';
import { isMissing } from './system-error.js';

/** The status of a file, itself and not what it links to; null where there is none. */
export async function findFile(path: string, files: FileLayer): Promise<FileStatus | null> {
  try {
    return await files.lstat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
