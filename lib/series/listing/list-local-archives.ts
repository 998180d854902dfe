import { basename, dirname, join, resolve } from 'node:path';

import { DirectoryError } from '../../errors/directory-error.js';
import { NoArchivesError } from '../../errors/no-archives-error.js';
import { quote, show } from '../../errors/show.js';
import type { DirectoryEntry, FileLayer, FileStatus } from '../../files/file-layer.js';
import { isMissing, systemCodeOf } from '../../files/system-error.js';
import { isUnreadableName } from '../../files/unreadable-name.js';
import {
  baseNameOf,
  COMPRESSED_SUFFIXES,
  isReadableName,
  OPEN_SUFFIX,
  STALE_SUFFIX,
} from '../names/archive-state.js';
import { splitGlob, unescapeGlob } from '../names/glob.js';
import { createGlobMatcher } from '../names/glob-matcher.js';

/** One pattern or several: globs, paths of archives, or directories. */
export type LocalPatterns = string | readonly string[];

export interface LocalListOptions {
  readonly files: FileLayer;
  /** Whether patterns that match nothing give an empty list instead of an error. */
  readonly allowEmpty: boolean;
}

export interface LocalWalkOptions {
  readonly files: FileLayer;
  /** Called for each directory before it is listed. */
  readonly onDirectory?: ((path: string) => void) | undefined;
  /** Called for each file that a pattern means, and each directory, whose name is not UTF-8. */
  readonly onUnreadable?: (path: string) => void;
}

/**
 * Checks patterns without touching the file system.
 *
 * @throws TypeError if a pattern is not a string or is empty, RangeError if it is a URL
 */
export function checkPatterns(patterns: LocalPatterns): readonly string[] {
  const list = typeof patterns === 'string' ? [patterns] : patterns;
  if (!Array.isArray(list)) throw notAPattern(patterns);
  for (const pattern of list) {
    if (typeof pattern !== 'string' || pattern === '') throw notAPattern(pattern);
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(pattern)) {
      throw new RangeError(`pattern ${quote(pattern)} is a URL, expected a local path`);
    }
    // With a slash too few, it would be a local directory called `s3:`.
    if (/^s3:/i.test(pattern)) {
      throw new RangeError(`pattern is ${quote(pattern)}, expected s3://bucket/prefix`);
    }
  }
  return list;
}

/**
 * The local archives that patterns match: paths without the suffix of their state, without
 * duplicates, in no particular order. A pattern matches an archive's name with and without that
 * suffix. If a file or directory has exactly the name of a pattern, the pattern means only that,
 * even if it could be a glob.
 *
 * @throws NoArchivesError, DirectoryError
 */
export async function listLocalArchives(
  patterns: readonly string[],
  options: LocalListOptions,
): Promise<string[]> {
  const found = new Set<string>();
  for await (const paths of walkLocalArchives(patterns, { files: options.files })) {
    for (const path of paths) found.add(path);
  }
  if (found.size === 0 && !options.allowEmpty) throw new NoArchivesError(patterns);
  return [...found];
}

/**
 * As `listLocalArchives`, one directory after the other. A path comes once for each state that its
 * archive has at the time.
 */
export async function* walkLocalArchives(
  patterns: readonly string[],
  options: LocalWalkOptions,
): AsyncGenerator<string[]> {
  /** Patterns may lead to one file by different paths. */
  const paths = new Map<string, string>();
  for (const pattern of patterns) {
    for await (const matched of match(pattern, options)) {
      if (patterns.length === 1) yield matched;
      else yield matched.filter((path) => isFirst(path, paths));
    }
  }
}

function isFirst(path: string, paths: Map<string, string>): boolean {
  const absolute = resolve(path);
  const first = paths.get(absolute);
  if (first === undefined) paths.set(absolute, path);
  return first === undefined || first === path;
}

/** The archives of one directory after the other. */
async function* match(pattern: string, options: LocalWalkOptions): AsyncGenerator<string[]> {
  const { files, onDirectory } = options;
  const status = await statusOf(pattern, files);
  const archive = archiveOf(pattern);
  if (status?.isDirectory()) {
    yield* walk(pattern, '**', options);
  } else if (status?.isFile() || (await isThere(archive, files))) {
    onDirectory?.(dirname(archive));
    yield [archive];
  } else {
    const { root, glob } = splitGlob(pattern);
    const plain = archiveOf(unescapeGlob(pattern));
    if (glob !== '') yield* walk(root === '' ? '.' : root, glob, options);
    else {
      onDirectory?.(dirname(plain));
      if (await isThere(plain, files)) yield [plain];
    }
  }
}

async function* walk(
  root: string,
  glob: string,
  { files, onDirectory, onUnreadable }: LocalWalkOptions,
): AsyncGenerator<string[]> {
  const isMatch = createGlobMatcher(glob);
  const isDeep = glob.includes('**');
  const depth = isDeep ? Number.POSITIVE_INFINITY : glob.split('/').length - 1;
  const below: string[] = [''];
  for (let inner = below.pop(); inner !== undefined; inner = below.pop()) {
    const matched: string[] = [];
    const prefix = inner === '' ? '' : `${inner}/`;
    const directory = join(root, inner, 'x').slice(0, -1);
    onDirectory?.(join(root, inner));
    const entries = await entriesOf(join(root, inner), files);
    // Frees each entry when it is done: there may be a million.
    for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
      const path = prefix + entry.name;
      // Links between directories can form cycles, so `**` does not follow them.
      const followed = entry.isSymbolicLink() ? await statusOf(join(root, path), files) : entry;
      if (followed?.isDirectory()) {
        const isWithin = path.split('/').length <= depth && (followed === entry || !isDeep);
        if (!isWithin) continue;
        if (await isUnreadableName(join(root, path), files)) onUnreadable?.(join(root, path));
        else below.push(path);
      } else if (followed?.isFile() && isReadableName(entry.name)) {
        const archive = prefix + baseNameOf(entry.name);
        if (!isMatch(path) && !isMatch(archive)) continue;
        if (await isUnreadableName(directory + entry.name, files)) onUnreadable?.(join(root, path));
        else matched.push(directory + baseNameOf(entry.name));
      }
    }
    yield matched;
  }
}

async function entriesOf(directory: string, files: FileLayer): Promise<DirectoryEntry[]> {
  try {
    return await files.readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw unreadable(directory, error);
  }
}

/**
 * Whether an archive exists in any state. States are checked in the order in which an archive
 * passes through them: one that changes its state meanwhile is still found.
 */
async function isThere(archive: string, files: FileLayer): Promise<boolean> {
  for (const suffix of [OPEN_SUFFIX, STALE_SUFFIX, '', ...COMPRESSED_SUFFIXES]) {
    const path = archive + suffix;
    if ((await statusOf(path, files))?.isFile()) return true;
  }
  return false;
}

async function statusOf(path: string, files: FileLayer): Promise<FileStatus | null> {
  try {
    return await files.stat(path);
  } catch (error) {
    // A glob may be longer than any file name.
    if (isMissing(error) || systemCodeOf(error) === 'ENAMETOOLONG') return null;
    throw unreadable(dirname(path), error);
  }
}

/** A `DirectoryError` if permission was denied, else the error itself. */
function unreadable(directory: string, error: unknown): unknown {
  const code = systemCodeOf(error);
  if (code !== 'EACCES' && code !== 'EPERM') return error;
  return new DirectoryError(directory, 'cannot be read: permission denied', { cause: error });
}

/** A path without the suffix of an archive's state. */
function archiveOf(path: string): string {
  return join(dirname(path), baseNameOf(basename(path)));
}

function notAPattern(value: unknown): TypeError {
  return new TypeError(`pattern is ${show(value)}, expected a glob, a path, or a list of them`);
}
