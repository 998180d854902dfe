import { dirname } from 'node:path';

import type { FileLayer } from './file-layer.js';
import { syncDirectory } from './sync-directory.js';
import { writeAll } from './write-all.js';

/**
 * Replaces a small file as a whole, or creates it: a crash leaves the old bytes or the new ones.
 * Settles when the new ones survive a power loss.
 *
 * @param temporary a path in the same directory that no file has; it has none afterwards
 */
export async function replaceFile(
  files: FileLayer,
  path: string,
  temporary: string,
  bytes: Buffer,
): Promise<void> {
  try {
    const file = await files.open(temporary, 'wx');
    try {
      await writeAll(file, bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(temporary, path);
  } catch (error) {
    // Report the first failure, whether or not the file can be deleted.
    await files.unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncDirectory(files, dirname(path));
}
