import type { FileLayer } from '../../files/file-layer.js';
import { sha256OfFile } from '../../files/sha256.js';
import { isMissing, systemCodeOf } from '../../files/system-error.js';
import { takeName } from '../../files/take-name.js';
import { alternativeName } from '../../series/names/alternative-name.js';

/**
 * Gives a file the first name that is free, `wanted` or an alternative to it, or that a file with the same
 * content has: then an earlier attempt has given it. See `takeName` for what becomes of the name it had.
 *
 * @param sha256 of its content, in hex
 * @returns the path that has the content now
 */
export async function giveName(
  from: string,
  wanted: string,
  sha256: string,
  files: FileLayer,
): Promise<string> {
  for (let n = 0; ; ) {
    const path = n === 0 ? wanted : alternativeName(wanted, n);
    if (await isTaken(from, path, files)) return path;
    const found = await digestOf(path, files);
    if (found === sha256) return path;
    // What was shipped meanwhile leaves its name free.
    if (found !== undefined) n++;
  }
}

/** Whether the name was free, and is taken now. */
async function isTaken(from: string, path: string, files: FileLayer): Promise<boolean> {
  try {
    await takeName(files, from, path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined where there is no file any more. */
async function digestOf(path: string, files: FileLayer): Promise<string | undefined> {
  try {
    return (await sha256OfFile(path, files)).toString('hex');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
