import { join } from 'node:path';

import type { SeriesPattern } from '../series/listing/series-patterns.js';
import { escapeGlob } from '../series/names/glob.js';
import type { Store } from '../stores/contract/store.js';
import { DirectoryStore } from '../stores/directory/directory-store.js';
import { S3Store } from '../stores/s3/s3-store.js';
import type { KeyTemplate } from './key-template.js';
import type { ShipSettings } from './ship-options.js';

interface ShippedSeries extends Pick<ShipSettings, 'localFile'> {
  readonly key: Pick<KeyTemplate, 'patternOf'>;
  readonly store: Store;
  /** Whether the writer has opened the store, and closes it. */
  readonly ownsStore: boolean;
  /** The glob of the archives' names. */
  readonly pattern: string;
}

/** The patterns of a series in its store, and of local files that are moved after shipping. */
export function shippedPatterns(series: ShippedSeries): readonly SeriesPattern[] {
  const { localFile, pattern } = series;
  const stored = storedPattern(series);
  if (typeof localFile === 'string') return [stored];
  return [stored, join(escapeGlob(localFile.moveTo), pattern)];
}

function storedPattern({ key, ownsStore, pattern, store }: ShippedSeries): SeriesPattern {
  const keys = key.patternOf(pattern);
  // A reader can use the caller's store, but not one that the writer closes.
  if (!ownsStore) return { store, pattern: keys };
  if (store instanceof DirectoryStore) return join(escapeGlob(store.name), keys);
  if (!(store instanceof S3Store)) return { store, pattern: keys };
  const [, bucket = '', folder = ''] = /^(s3:\/\/[^/]+)\/?(.*)$/s.exec(store.name) ?? [];
  return folder === '' ? `${bucket}/${keys}` : `${bucket}/${escapeGlob(folder)}/${keys}`;
}
