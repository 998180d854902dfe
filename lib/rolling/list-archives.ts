import { basename, dirname, join, resolve } from 'node:path';

import picomatch from 'picomatch';

import { NoArchivesError } from '../errors/no-archives-error.js';
import type { FileLayer } from '../storage/file-layer.js';
import { isMissing } from '../storage/system-error.js';
import { asDirectoryError } from './archive-directory.js';
import { baseNameOf, isReadableName } from './archive-state.js';
import { escapeGlob } from './escape-glob.js';

/** One pattern or several: globs as picomatch reads them, paths of archives, or directories. */
export type ArchivePatterns = string | readonly string[];

export interface ListOptions {
  readonly files: FileLayer;
  /** Whether no archive is a result like others, not an error. */
  readonly allowEmpty: boolean;
}

/** A glob below a directory that has none. */
interface ArchiveGlob {
  readonly directory: string;
  readonly glob: string;
}

/**
 * The archives that patterns match, each by its path without the suffix of its state, once, in no
 * order. A pattern matches an archive's name with and without that suffix.
 *
 * @throws NoArchivesError, DirectoryError
 */
export async function listArchives(
  patterns: ArchivePatterns,
  options: ListOptions,
): Promise<string[]> {
  const list = typeof patterns === 'string' ? [patterns] : patterns;
  const found = new Map<string, string>();
  for (const pattern of list) {
    const { directory, glob } = await parsePattern(pattern, options.files);
    for await (const path of walk(directory, glob, options.files)) found.set(resolve(path), path);
  }
  if (found.size === 0 && !options.allowEmpty) throw new NoArchivesError(list);
  return [...found.values()];
}

async function parsePattern(pattern: string, files: FileLayer): Promise<ArchiveGlob> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(pattern)) {
    throw new RangeError(`pattern ${JSON.stringify(pattern)} is a URL, expected a local path`);
  }
  // What is there by that very name is meant, also where it could be read as a glob.
  const status = await files.stat(pattern).catch((error) => {
    if (isMissing(error)) return null;
    throw asDirectoryError(pattern, error);
  });
  if (status?.isDirectory()) return { directory: pattern, glob: '*' };
  const { base, glob, isGlob } = picomatch.scan(pattern);
  if (status === null && isGlob) {
    return { directory: base === '' ? '.' : unescapeGlob(base), glob };
  }
  const name = status === null ? unescapeGlob(basename(pattern)) : baseNameOf(basename(pattern));
  return { directory: dirname(pattern), glob: escapeGlob(name) };
}

async function* walk(root: string, glob: string, files: FileLayer): AsyncGenerator<string> {
  const isMatch = picomatch(glob, { nonegate: true });
  const depth = glob.includes('**') ? Number.POSITIVE_INFINITY : glob.split('/').length - 1;
  const below: string[] = [''];
  for (let inner = below.pop(); inner !== undefined; inner = below.pop()) {
    for (const entry of await entriesOf(join(root, inner), files)) {
      const path = inner === '' ? entry.name : `${inner}/${entry.name}`;
      if (entry.isDirectory()) {
        if (path.split('/').length <= depth) below.push(path);
      } else if (isReadableName(entry.name)) {
        const base = join(dirname(path), baseNameOf(entry.name));
        if (isMatch(path) || isMatch(base)) yield join(root, base);
      }
    }
  }
}

async function entriesOf(directory: string, files: FileLayer) {
  try {
    return await files.readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw asDirectoryError(directory, error);
  }
}

/** Text of a pattern without the backslashes that take away a character's meaning. */
function unescapeGlob(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}
