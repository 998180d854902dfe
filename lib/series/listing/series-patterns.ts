import { fileURLToPath } from 'node:url';

import { quote, show } from '../../errors/show.js';
import type { Store } from '../../stores/contract/store.js';
import { openStore } from '../../stores/open-store.js';
import type { S3StoreOptions } from '../../stores/s3/s3-store-options.js';
import { checkPatterns } from './list-local-archives.js';

/** A store, and which of its archives are read. */
export interface StorePattern {
  /** The reader does not close it. */
  readonly store: Store;
  /** A glob of keys, a key, or a prefix of keys that ends before a slash. */
  readonly pattern: string;
}

/**
 * Where to find archives of a series: a glob, the path of an archive or of a directory;
 * any of these after `s3://bucket/` or `file://`; or a pattern of keys in a store.
 */
export type SeriesPattern = string | StorePattern;

/** One pattern or several, of local archives and of stores. */
export type SeriesPatterns = SeriesPattern | readonly SeriesPattern[];

/** Patterns sorted into local and stored ones. */
export interface SortedPatterns {
  readonly local: readonly string[];
  readonly stored: readonly StorePattern[];
  /** The stores that were opened for `s3://` patterns; the caller must close them. */
  readonly ownStores: readonly Store[];
}

/**
 * Checks patterns and opens a store for each bucket that they name. Reads and lists nothing.
 *
 * @throws TypeError or RangeError for an invalid pattern
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

/** The text of a pattern in messages. */
export function showPattern({ store, pattern }: StorePattern): string {
  return `${store.name}/${pattern}`;
}

function listOf(patterns: SeriesPatterns): readonly SeriesPattern[] {
  return Array.isArray(patterns) ? patterns : [patterns as SeriesPattern];
}

function checkStorePattern(pattern: StorePattern): StorePattern {
  const isStore = typeof pattern?.store?.list === 'function';
  if (isStore && typeof pattern.pattern === 'string') return pattern;
  throw new TypeError(`pattern is ${show(pattern)}, expected a string or { store, pattern }`);
}

/**
 * Escapes `?` and `#`: here they belong to a glob or a name, not to the URL's query or fragment.
 *
 * @throws RangeError for the URL of another computer's file
 */
function pathOf(url: string): string {
  try {
    return fileURLToPath(url.replaceAll('?', '%3F').replaceAll('#', '%23'));
  } catch {
    throw new RangeError(`pattern ${quote(url)} names no local file, expected file:///path`);
  }
}
