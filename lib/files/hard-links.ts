import { join } from 'node:path';

import type { FileLayer } from './file-layer.js';
import { findFile } from './find-file.js';
import { makeDirectory } from './make-directory.js';
import { systemCodeOf } from './system-error.js';
import { createUploadId, toTemporaryName } from './temporary-name.js';
import { unlinkIfThere } from './unlink-if-there.js';

/** The errors of file systems that have no hard links, or no more of them for this file. */
const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Whether `link` failed because the file system has no hard links. */
export function saysNoHardLinks(error: unknown): boolean {
  return NO_HARD_LINKS.has(systemCodeOf(error) ?? '');
}

/** Fixed ids: a process that dies here leaves no more than these two, and the next one removes them. */
const FIXED_IDS = ['0'.repeat(16), '1'.repeat(16)] as const;

/**
 * Tries whether a directory's file system has hard links. Creates the directory when it is missing.
 * Several processes may try it at the same time.
 */
export async function hasHardLinks(files: FileLayer, directory: string): Promise<boolean> {
  await makeDirectory(files, directory);
  try {
    return await probe(files, directory, FIXED_IDS);
  } catch (error) {
    if (!['EEXIST', 'ENOENT'].includes(systemCodeOf(error) ?? '')) throw error;
    // Another process tries it now, and each removes the file of the other. No process removes these.
    return await probe(files, directory, [createUploadId(), createUploadId()]);
  }
}

async function probe(
  files: FileLayer,
  directory: string,
  ids: readonly [string, string],
): Promise<boolean> {
  const nameOf = (uploadId: string) => join(directory, toTemporaryName({ name: 'link', uploadId }));
  const [path, other] = [nameOf(ids[0]), nameOf(ids[1])];
  // The file of another user could not be linked, though the file system has links.
  await unlinkIfThere(files, path);
  try {
    await (await files.open(path, 'wx')).close();
    await files.link(path, other);
    return true;
  } catch (error) {
    if (saysNoHardLinks(error)) return false;
    // A file of this name is a link, or was one.
    const isLinked = systemCodeOf(error) === 'EEXIST' && (await findFile(other, files)) !== null;
    if (isLinked) return true;
    throw error;
  } finally {
    await unlinkIfThere(files, other);
    await unlinkIfThere(files, path);
  }
}
