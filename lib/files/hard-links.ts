import { join } from 'node:path';

import type { FileLayer } from './file-layer.js';
import { findFile } from './find-file.js';
import { makeDirectory } from './make-directory.js';
import { systemCodeOf } from './system-error.js';
import { toTemporaryName } from './temporary-name.js';

/** The errors of file systems that have no hard links, or no more of them for this file. */
const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Whether `link` failed because the file system has no hard links. */
export function saysNoHardLinks(error: unknown): boolean {
  return NO_HARD_LINKS.has(systemCodeOf(error) ?? '');
}

/** Fixed names: a process that dies here leaves no more than these two, and the next one removes them. */
const PROBE = toTemporaryName({ name: 'link', uploadId: '0'.repeat(16) });
const PROBE_LINK = toTemporaryName({ name: 'link', uploadId: '1'.repeat(16) });

/** How often the probe is repeated because another process removes its file. */
const MOST_PROBES = 20;

/**
 * Tries whether a directory's file system has hard links. Creates the directory when it is missing.
 * Several processes may try it at the same time.
 */
export async function hasHardLinks(files: FileLayer, directory: string): Promise<boolean> {
  await makeDirectory(files, directory);
  const path = join(directory, PROBE);
  const other = join(directory, PROBE_LINK);
  for (let probes = 1; ; probes++) {
    // The file of another user could not be linked, though the file system has links.
    await removeIfThere(files, path);
    try {
      await (await files.open(path, 'wx')).close();
      await files.link(path, other);
      return true;
    } catch (error) {
      if (saysNoHardLinks(error)) return false;
      const code = systemCodeOf(error);
      // A file of this name is a link, or was one.
      if (code === 'EEXIST' && (await findFile(other, files)) !== null) return true;
      const isByOther = code === 'EEXIST' || code === 'ENOENT';
      if (!isByOther || probes === MOST_PROBES) throw error;
    } finally {
      await removeIfThere(files, other);
      await removeIfThere(files, path);
    }
  }
}

async function removeIfThere(files: FileLayer, path: string): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
}
