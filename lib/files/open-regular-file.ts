import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';

import { type FileKind, NotAFileError } from '../errors/not-a-file-error.js';
import { systemCodeOf } from './system-error.js';

/** Windows has neither flag, nor what they protect from. */
const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = constants;

/**
 * Opens a file for reading without waiting for anything: opening a named pipe would block until a
 * process writes to it.
 *
 * @param links whether to open the target of a symbolic link, or to refuse the link
 * @throws NotAFileError for anything but a regular file; Node's error
 */
export async function openRegularFile(
  path: string,
  links: 'follow' | 'refuse',
): Promise<FileHandle & { readonly bytesWhenOpened: number }> {
  const flags = O_RDONLY | O_NONBLOCK | (links === 'refuse' ? O_NOFOLLOW : 0);
  const file = await open(path, flags).catch((error) => describe(path, error));
  let status: Stats;
  try {
    // The status of the open file: the name may belong to another one by now.
    status = await file.stat();
  } catch (error) {
    await file.close();
    throw error;
  }
  if (status.isFile()) return Object.assign(file, { bytesWhenOpened: status.size });
  await file.close();
  throw new NotAFileError(path, kindOf(status));
}

/** ELOOP is the answer for a symbolic link that is not followed, ENXIO that for a socket. */
async function describe(path: string, error: unknown): Promise<never> {
  const code = systemCodeOf(error);
  if (code === 'ELOOP' || code === 'ENXIO' || code === 'EOPNOTSUPP') {
    const status = await lstat(path).catch(() => undefined);
    if (status?.isFile() === false) {
      throw new NotAFileError(path, kindOf(status), { cause: error });
    }
  }
  throw error;
}

function kindOf(status: Stats): FileKind {
  if (status.isSymbolicLink()) return 'a symbolic link';
  if (status.isDirectory()) return 'a directory';
  if (status.isFIFO()) return 'a named pipe';
  return status.isSocket() ? 'a socket' : 'a device';
}
