import type { FileLayer } from './file-layer.js';
import { findFile } from './find-file.js';
import { saysNoHardLinks } from './hard-links.js';
import { systemCodeOf } from './system-error.js';

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
    if (!saysNoHardLinks(error)) throw error;
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
    // Only while it is the placeholder: a rename that failed may have done its work all the same.
    if ((await findFile(from, files)) !== null) await files.unlink(path).catch(() => undefined);
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
