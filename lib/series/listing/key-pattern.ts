import { basename } from 'node:path';

import type { SkippedObject } from '../../stores/contract/store.js';
import { baseNameOf, isReadableName } from '../names/archive-state.js';
import { literalStart, splitGlob } from '../names/glob.js';
import { createGlobMatcher, type GlobMatcher } from '../names/glob-matcher.js';

/**
 * Which keys a pattern matches: a glob, a key, or a prefix of keys that ends before a slash. Keys
 * match with and without the suffix of their state.
 */
export class KeyPattern {
  /** What every key begins with. */
  readonly prefix: string;
  readonly #root: string;
  readonly #isMatch: GlobMatcher | undefined;

  constructor(pattern: string) {
    const { root, glob } = splitGlob(pattern.replace(/\/$/, ''));
    this.prefix = startOf(root, glob);
    this.#root = root;
    this.#isMatch = glob === '' ? undefined : createGlobMatcher(glob);
  }

  /** Whether a key is of the archive that has exactly the pattern's name. */
  isNamed(key: string): boolean {
    if (this.#isMatch !== undefined || !isReadableName(basename(key))) return false;
    return archiveOf(key) === archiveOf(this.#root);
  }

  /** Whether the glob matches a key, or the key is below the pattern. */
  isBelow(key: string): boolean {
    if (!isReadableName(basename(key))) return false;
    if (this.#isMatch === undefined) return this.#root === '' || key.startsWith(`${this.#root}/`);
    const begin = this.#root === '' ? 0 : this.#root.length + 1;
    return this.#isMatch(key.slice(begin)) || this.#isMatch(archiveOf(key).slice(begin));
  }

  /** Whether the pattern means an object that cannot be read. */
  means({ key }: SkippedObject): boolean {
    const plain = plainKey(key);
    return this.isNamed(plain) || this.isBelow(plain);
  }
}

/** A key without the segments that make it unreadable, to find out whether a pattern means it. */
function plainKey(key: string): string {
  const isName = (segment: string) => segment !== '' && segment !== '.' && segment !== '..';
  return key.split('/').filter(isName).join('/');
}

function startOf(root: string, glob: string): string {
  return root === '' || glob === '' ? root + literalStart(glob) : `${root}/${literalStart(glob)}`;
}

/** A key without the suffix of an archive's state. */
export function archiveOf(key: string): string {
  // Not `join`, for which `a//b` and `a/b` are one key.
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  return folder + baseNameOf(key.slice(folder.length));
}
