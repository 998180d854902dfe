import { DirectoryError } from '../../errors/directory-error.js';
import type { FileLayer } from '../../files/file-layer.js';
import { systemCodeOf } from '../../files/system-error.js';

/** What a system error says of the directory that the call was made in. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'is not a directory',
  EACCES: 'cannot be written: permission denied',
  EPERM: 'cannot be written: operation not permitted',
  EROFS: 'cannot be written: the file system is read-only',
};

/**
 * Checks that there is a directory to write to.
 *
 * @throws DirectoryError
 */
export async function checkDirectory(directory: string, files: FileLayer): Promise<void> {
  const status = await files.stat(directory).catch((error) => {
    throw asDirectoryError(directory, error);
  });
  if (!status.isDirectory()) throw new DirectoryError(directory, 'is not a directory');
}

/** The `DirectoryError` that a failed call in a directory amounts to, or the error as it is. */
export function asDirectoryError(directory: string, error: unknown): unknown {
  const problem = PROBLEMS[systemCodeOf(error) ?? ''];
  return problem === undefined ? error : new DirectoryError(directory, problem, { cause: error });
}
