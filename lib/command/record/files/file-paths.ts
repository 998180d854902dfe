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

/** The files that `--file` names: one path, or those that match a glob. A file's own name wins. */
export async function findPaths(pattern: string): Promise<NamedPaths> {
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
    for (const entry of await entriesOf(join(directory, inner))) {
      const path = join(inner, entry.name);
      if (entry.isDirectory() && path.split('/').length < depth) below.push(path);
      const isFile =
        entry.isFile() || (entry.isSymbolicLink() && (await isFileAt(directory, path)));
      if (isFile && isMatch(path)) paths.push(resolve(directory, path));
    }
  }
  return { paths: paths.sort(), isGlob: true };
}

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
