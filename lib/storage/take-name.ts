import type { FileLayer } from './file-layer.js';
import { systemCodeOf } from './system-error.js';

/** What file systems answer that have no hard links, or have run out of them. */
const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Gives a file a name that is free. Unlike `rename`, it never replaces what came there in the meantime.
 * It has both names then; where there are no hard links, only the new one.
 *
 * @throws Node's `EEXIST` when the name is taken
 */
export async function takeName(files: FileLayer, from: string, path: string): Promise<void> {
  try {
    await files.link(from, path);
  } catch (error) {
    if (!NO_HARD_LINKS.has(systemCodeOf(error) ?? '')) throw error;
    await renameToFree(files, from, path);
  }
}

/** rename() overwrites, so an empty file of our own takes the name first. */
async function renameToFree(files: FileLayer, from: string, path: string): Promise<void> {
  const placeholder = await files.open(path, 'wx');
  await placeholder.close();
  try {
    await files.rename(from, path);
  } catch (error) {
    await files.unlink(path).catch(() => undefined);
    throw error;
  }
}

/** Removes a file, where it is there. */
export async function unlinkIfThere(files: FileLayer, path: string): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
}
