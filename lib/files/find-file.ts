import type { FileLayer, FileStatus } from './file-layer.js';
import { isMissing } from './system-error.js';

/** The status of a file, or of the symbolic link itself; null when there is no file. */
export async function findFile(path: string, files: FileLayer): Promise<FileStatus | null> {
  try {
    return await files.lstat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
