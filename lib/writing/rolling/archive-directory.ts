import { DirectoryError } from '../../errors/directory-error.js';
import type { FileLayer } from '../../files/file-layer.js';
import { makeDirectory } from '../../files/make-directory.js';
import { systemCodeOf } from '../../files/system-error.js';

/** Problems of a directory, by the code of the system error that a call in it fails with. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist (the option createDirectory creates it)',
  ENOTDIR: 'is not a directory',
  EACCES: 'cannot be written: permission denied',
  EPERM: 'cannot be written: operation not permitted',
  EROFS: 'cannot be written: the file system is read-only',
};

/**
 * Checks that the directory exists, or creates it.
 *
 * @throws DirectoryError
 */
export async function openDirectory(
  directory: string,
  files: FileLayer,
  { isCreated }: { readonly isCreated: boolean },
): Promise<void> {
  if (isCreated) {
    await makeDirectory(files, directory).catch((error) => {
      throw asDirectoryError(directory, error);
    });
  }
  const status = await files.stat(directory).catch((error) => {
    throw asDirectoryError(directory, error);
  });
  if (!status.isDirectory()) throw new DirectoryError(directory, 'is not a directory');
}

/**
 * The `DirectoryError` for a failed call in a directory, or the error itself if the directory is
 * fine.
 */
export function asDirectoryError(directory: string, error: unknown): unknown {
  const problem = PROBLEMS[systemCodeOf(error) ?? ''];
  return problem === undefined ? error : new DirectoryError(directory, problem, { cause: error });
}
