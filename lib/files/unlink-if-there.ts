import type { FileLayer } from './file-layer.js';
import { systemCodeOf } from './system-error.js';

/** Removes a file. Does nothing when there is none. */
export async function unlinkIfThere(files: FileLayer, path: string): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
}
