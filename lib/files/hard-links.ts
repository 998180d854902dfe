import { join } from 'node:path';

import type { FileLayer } from './file-layer.js';
import { makeDirectory } from './make-directory.js';
import { systemCodeOf } from './system-error.js';
import { createUploadId, toTemporaryName } from './temporary-name.js';

/** What file systems answer that have no hard links, or have run out of them. */
const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Whether `link` failed because there are none. */
export function saysNoHardLinks(error: unknown): boolean {
  return NO_HARD_LINKS.has(systemCodeOf(error) ?? '');
}

/** Tries whether a directory, which is made where it is missing, is on a file system with hard links. */
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
