import { basename } from 'node:path';

import { listObjects } from '../../stores/contract/list-objects.js';
import { type RetryOptions, retry } from '../../stores/contract/retries.js';
import type { SkippedObject, Store } from '../../stores/contract/store.js';
import { baseNameOf, isCompressedName, isReadableName } from '../names/archive-state.js';
import { literalStart, splitGlob } from '../names/glob.js';
import { createGlobMatcher } from '../names/glob-matcher.js';
import { StoredArchive } from '../opening/stored-archive.js';

/**
 * The archives in a store that a pattern matches: a glob, a key, or a prefix of keys that ends
 * before a slash, which means everything below it. A pattern matches an archive's key with and
 * without the suffix of its state. Requests only keys that begin with the literal start of the
 * pattern.
 *
 * @param onSkipped called for each object that the pattern means and no store can read
 * @throws StoreError
 */
export async function listStoredArchives(
  store: Store,
  pattern: string,
  retries: RetryOptions,
  onSkipped: (object: SkippedObject & { readonly path: string }) => void = () => undefined,
): Promise<StoredArchive[]> {
  const { root, glob } = splitGlob(pattern.replace(/\/$/, ''));
  const { keys, skipped } = await retry(
    () => list(store, startOf(root, glob), retries.signal),
    retries,
  );
  const match = (all: readonly string[]) => {
    const readable = all.filter((key) => isReadableName(basename(key)));
    return glob === '' ? matchName(readable, root) : matchGlob(readable, root, glob);
  };
  const matched = match(keys);
  for (const object of skipped) {
    if (match([plainKey(object.key)]).length === 0) continue;
    onSkipped({ ...object, path: `${store.name}/${object.key}` });
  }
  const archives = new Map<string, string[]>();
  for (const key of matched) {
    const archive = archiveOf(key);
    archives.set(archive, [...(archives.get(archive) ?? []), key]);
  }
  return [...archives].map(
    ([archive, states]) => new StoredArchive(store, archive, states.sort(byCost), retries),
  );
}

/** Collects the whole listing, so that a retry can start over if it fails halfway. */
async function list(
  store: Store,
  prefix: string,
  signal: AbortSignal,
): Promise<{ keys: string[]; skipped: SkippedObject[] }> {
  const keys: string[] = [];
  const skipped: SkippedObject[] = [];
  const onSkipped = (object: SkippedObject) => skipped.push(object);
  for await (const { key } of listObjects(store, prefix, { signal, onSkipped })) keys.push(key);
  return { keys, skipped };
}

/** A key without the segments that make it unreadable, to find out whether a pattern means it. */
function plainKey(key: string): string {
  const isName = (segment: string) => segment !== '' && segment !== '.' && segment !== '..';
  return key.split('/').filter(isName).join('/');
}

function startOf(root: string, glob: string): string {
  return root === '' || glob === '' ? root + literalStart(glob) : `${root}/${literalStart(glob)}`;
}

function matchGlob(keys: readonly string[], root: string, glob: string): string[] {
  const isMatch = createGlobMatcher(glob);
  const begin = root === '' ? 0 : root.length + 1;
  return keys.filter((key) => isMatch(key.slice(begin)) || isMatch(archiveOf(key).slice(begin)));
}

/** The archive with exactly this name; if there is none, all archives below it. */
function matchName(keys: readonly string[], name: string): string[] {
  const named = keys.filter((key) => archiveOf(key) === archiveOf(name));
  if (named.length > 0) return named;
  return name === '' ? [...keys] : keys.filter((key) => key.startsWith(`${name}/`));
}

/** A key without the suffix of an archive's state. */
function archiveOf(key: string): string {
  // Not `join`, for which `a//b` and `a/b` are one key.
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  return folder + baseNameOf(key.slice(folder.length));
}

/** Compressed objects first: there is less to download. */
function byCost(a: string, b: string): number {
  return Number(isCompressedName(b)) - Number(isCompressedName(a));
}
