import { access, constants } from 'node:fs/promises';

import { DirectoryError } from '../../index.js';
import { systemCodeOf } from '../options/system-code.js';
import { findFile } from './find-file.js';

/**
 * Checks that a writer can write to a directory. It would say so only when the first record comes.
 *
 * @throws DirectoryError if it cannot, or if the directory is missing and is not to be created
 */
export async function checkWritable(
  directory: string,
  { createDirectory }: { readonly createDirectory: boolean },
): Promise<void> {
  const status = await findFile(directory);
  if (status === undefined && createDirectory) return;
  if (status === undefined) throw new DirectoryError(directory, 'does not exist (createDirectory)');
  if (!status.isDirectory()) throw new DirectoryError(directory, 'is not a directory');
  try {
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = systemCodeOf(error) ?? '';
    const reason = REASONS[code] ?? code;
    throw new DirectoryError(directory, `cannot be written: ${reason}`, { cause: error });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
};
