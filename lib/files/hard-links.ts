import { join } from 'node:path';

import type { FileLayer } from './file-layer.js';
import { makeDirectory } from './make-directory.js';
import { systemCodeOf } from './system-error.js';
import { createUploadId, toTemporaryName } from './temporary-name.js';

/** The errors of file systems that have no hard links, or no more of them for this file. */
const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Whether `link` failed because the file system has no hard links. */
export function saysNoHardLinks(error: unknown): boolean {
  return NO_HARD_LINKS.has(systemCodeOf(error) ?? '');
}

/**
 * Tries whether a directory's file system has hard links. Creates the directory when it is missing.
 */
export async function hasHardLinks(files: FileLayer, directory: string): Promise<boolean> {
  await makeDirectory(files, directory);
  const path = join(directory, toTemporaryName({ name: 'link', uploadId: createUploadId() }));
  const other = join(directory, toTemporaryName({ name: 'link', uploadId: createUploadId() }));
  await (await files.open(path, 'wx')).close();
  try {
    await files.link(path, other);
    await files.unlink(other);
    return true;
  } catch (error) {
    if (saysNoHardLinks(error)) return false;
    throw error;
  } finally {
    await files.unlink(path);
  }
}
