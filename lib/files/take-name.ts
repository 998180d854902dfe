import type { FileLayer } from './file-layer.js';
import { findFile } from './find-file.js';
import { saysNoHardLinks } from './hard-links.js';

/**
 * Gives a file a free name. Unlike `rename`, it never replaces a file that has just got this name.
 * Afterwards the file has both names; on a file system without hard links, only the new one.
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

/** rename() overwrites, so an empty file of ours takes the name first. */
async function renameToFree(files: FileLayer, from: string, path: string): Promise<void> {
  const placeholder = await files.open(path, 'wx');
  await placeholder.close();
  try {
    await files.rename(from, path);
  } catch (error) {
    // A rename that failed may have happened: remove the name only while it is the placeholder's.
    if ((await findFile(from, files)) !== null) await files.unlink(path).catch(() => undefined);
    throw error;
  }
}
