import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { createGlobMatcher, splitGlob } from '../../../index.js';
import { systemCodeOf } from '../../options/system-code.js';
import { findFile } from '../../output/find-file.js';

/** The paths that a pattern names now. */
export interface NamedPaths {
  /** Absolute. A path without wildcards is one even if there is no file yet. */
  readonly paths: readonly string[];
  readonly isGlob: boolean;
}

/**
 * The files that `--file` names: one path, or those that match a glob. A file's own name wins.
 *
 * @param onPassedOver called for what may match and cannot be followed
 * @throws Node's error for a directory that cannot be read, if `isFirst`
 */
export async function findPaths(
  pattern: string,
  isFirst: boolean,
  onPassedOver: (path: string, reason: string) => void,
): Promise<NamedPaths> {
  const { glob, root } = splitGlob(pattern);
  if (glob === '' || (await findFile(pattern)) !== undefined) {
    return { paths: [resolve(glob === '' ? root : pattern)], isGlob: false };
  }
  const directory = root === '' ? '.' : root;
  const isMatch = createGlobMatcher(glob);
  const depth = glob.includes('**') ? Number.POSITIVE_INFINITY : glob.split('/').length;
  const paths: string[] = [];
  const below = [''];
  for (let inner = below.pop(); inner !== undefined; inner = below.pop()) {
    const here = join(directory, inner);
    const entries = await entriesOf(here).catch((error: unknown) => {
      const code = systemCodeOf(error) ?? '';
      // The files of other directories are followed already, and must not suffer from a new directory.
      if (isFirst || !UNREADABLE.includes(code)) throw error;
      onPassedOver(here, `cannot be read: ${code}`);
      return [];
    });
    for (const entry of entries) {
      const path = join(inner, entry.name);
      if (entry.isDirectory() && path.split('/').length < depth) below.push(path);
      const isFile =
        entry.isFile() || (entry.isSymbolicLink() && (await isFileAt(directory, path)));
      if (!isFile || !isMatch(path)) continue;
      // Node has replaced bytes of the name.
      const isNamed = !path.includes('\ufffd') || (await isFileAt(directory, path));
      if (isNamed) paths.push(resolve(directory, path));
      else onPassedOver(join(directory, path), 'is passed over: its name is not UTF-8');
    }
  }
  return { paths: paths.sort(), isGlob: true };
}

const UNREADABLE: readonly string[] = ['EACCES', 'EPERM', 'ENOTDIR'];

async function entriesOf(directory: string) {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function isFileAt(directory: string, path: string): Promise<boolean> {
  return (await stat(join(directory, path)).catch(() => undefined))?.isFile() === true;
}
