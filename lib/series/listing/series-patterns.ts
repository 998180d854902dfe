import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';

import type { Store } from '../../stores/contract/store.js';
import { openStore } from '../../stores/open-store.js';
import type { S3StoreOptions } from '../../stores/s3/s3-store-options.js';
import { checkPatterns } from './list-local-archives.js';

/** What archives of a store are read by. */
export interface StorePattern {
  /** It stays open. */
  readonly store: Store;
  /** A glob of keys as picomatch reads it, a key, or what keys begin with before a slash. */
  readonly pattern: string;
}

/**
 * What archives of a series are found by: a glob as picomatch reads it, the path of an archive or of a
 * directory; the same behind `s3://bucket/` or `file://`; or a pattern of keys in a store.
 */
export type SeriesPattern = string | StorePattern;

/** One pattern or several, of local archives and of stores. */
export type SeriesPatterns = SeriesPattern | readonly SeriesPattern[];

/** Patterns by where they are to be looked for. */
export interface SortedPatterns {
  readonly local: readonly string[];
  readonly stored: readonly StorePattern[];
  /** Those of `stored` that were opened for it, and are to be closed. */
  readonly ownStores: readonly Store[];
}

/**
 * Checks patterns, and opens a store for each bucket that they name, without a look at any file or object.
 *
 * @throws TypeError or RangeError for what is no pattern
 */
export function sortPatterns(patterns: SeriesPatterns, s3: S3StoreOptions = {}): SortedPatterns {
  const local: string[] = [];
  const stored: StorePattern[] = [];
  const buckets = new Map<string, Store>();
  for (const pattern of listOf(patterns)) {
    if (typeof pattern !== 'string') {
      stored.push(checkStorePattern(pattern));
      continue;
    }
    const [, bucket, keys = ''] = /^(s3:\/\/[^/]*)\/?(.*)$/is.exec(pattern) ?? [];
    if (bucket === undefined) {
      local.push(/^file:\/\//i.test(pattern) ? pathOf(pattern) : pattern);
      continue;
    }
    const store = buckets.get(bucket) ?? openStore(bucket, { s3 });
    buckets.set(bucket, store);
    stored.push({ store, pattern: keys });
  }
  return { local: checkPatterns(local), stored, ownStores: [...buckets.values()] };
}

/** A pattern as messages name it. */
export function showPattern({ store, pattern }: StorePattern): string {
  return `${store.name}/${pattern}`;
}

function listOf(patterns: SeriesPatterns): readonly SeriesPattern[] {
  return Array.isArray(patterns) ? patterns : [patterns as SeriesPattern];
}

function checkStorePattern(pattern: StorePattern): StorePattern {
  const isStore = typeof pattern?.store?.list === 'function';
  if (isStore && typeof pattern.pattern === 'string') return pattern;
  throw new TypeError(`pattern is ${inspect(pattern)}, expected a string or { store, pattern }`);
}

/** In a glob `?` and `#` are no part of a URL's own syntax. */
function pathOf(url: string): string {
  return fileURLToPath(url.replaceAll('?', '%3F').replaceAll('#', '%23'));
}
