import { NotAFileError } from '../../errors/not-a-file-error.js';
import type { FileLayer } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { sha256OfFile } from '../../files/sha256.js';
import { isMissing } from '../../files/system-error.js';
import { type NameHolder, takeFreeName } from '../../series/names/take-free-name.js';

/**
 * Gives a file the first name that is free, `wanted` or an alternative to it. A name whose file has
 * the same content counts as taken already: an earlier attempt was interrupted after that step.
 *
 * @param sha256 SHA-256 of the content, in hex
 * @returns the path that has the content now
 */
export async function takeNameForContent(
  from: string,
  wanted: string,
  sha256: string,
  files: FileLayer,
): Promise<string> {
  return await takeFreeName(files, from, wanted, {
    holderOf: (path) => holderOf(path, sha256, files),
  });
}

async function holderOf(path: string, sha256: string, files: FileLayer): Promise<NameHolder> {
  try {
    const found = await sha256OfFile(path, files);
    return found.toString('hex') === sha256 ? 'itself' : 'other';
  } catch (error) {
    if (error instanceof NotAFileError) return 'other';
    if (!isMissing(error)) throw error;
    // A symbolic link that leads nowhere cannot be opened, but occupies the name for good.
    return (await findFile(path, files)) === null ? 'none' : 'other';
  }
}
