import type { FileLayer } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { systemCodeOf } from '../../files/system-error.js';
import { takeName } from '../../files/take-name.js';
import { nthName } from './alternative-name.js';
import { COMPRESSED_SUFFIXES } from './archive-state.js';

/**
 * The file at a path that could not be taken: the file itself, another one, or none any more.
 */
export type NameHolder = 'itself' | 'other' | 'none';

export interface FreeNameOptions {
  /** Follows every name that is tried. @default nothing */
  readonly suffix?: string;
  /**
   * Asked after each failed attempt. `'itself'` ends the search: a call may report an error after
   * its work is done, and a crash may have left the file with both names.
   */
  holderOf(path: string): Promise<NameHolder>;
}

/**
 * Whether there is a compressed archive of this name. A reader would take both for one archive, and
 * read the plain one only.
 */
export async function hasCompressedNamesake(path: string, files: FileLayer): Promise<boolean> {
  for (const suffix of COMPRESSED_SUFFIXES) {
    if ((await findFile(path + suffix, files)) !== null) return true;
  }
  return false;
}

/**
 * Gives a file the first free name: `wanted`, or `wanted` with `-1`, `-2`, … before its extension.
 * A name is taken, too, if a compressed archive has it. Never replaces another file. The file then has both names, or only the new one if there are no
 * hard links.
 *
 * @returns the path that the file has now
 * @throws Node's error of the call that failed
 */
export async function takeFreeName(
  files: FileLayer,
  from: string,
  wanted: string,
  { suffix = '', holderOf }: FreeNameOptions,
): Promise<string> {
  for (let n = 0; ; ) {
    const path = nthName(wanted, n) + suffix;
    if (suffix === '' && (await hasCompressedNamesake(path, files))) {
      n++;
      continue;
    }
    try {
      await takeName(files, from, path);
      return path;
    } catch (error) {
      const holder = await holderOf(path);
      if (holder === 'itself') return path;
      if (systemCodeOf(error) !== 'EEXIST') throw error;
      // A file that was there a moment ago has been shipped: its name is free again.
      if (holder === 'other') n++;
    }
  }
}
