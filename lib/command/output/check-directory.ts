import { DirectoryError } from '../../index.js';
import { findFile } from './find-file.js';

/** @throws DirectoryError if there is no such directory */
export async function checkDirectory(directory: string): Promise<void> {
  const status = await findFile(directory);
  if (status?.isDirectory()) return;
  const problem = status === undefined ? 'does not exist (createDirectory)' : 'is not a directory';
  throw new DirectoryError(directory, problem);
}
