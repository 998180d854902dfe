import { NoArchivesError } from '../../errors/no-archives-error.js';
import type { PlacedArchive } from './archive-order.js';
import { type FindOptions, SeriesListing, type SkippedArchive } from './find-archives.js';
import { leaveOutRead } from './leave-out-read.js';
import { objectsByName } from './objects-by-name.js';
import { orderArchives, type SeriesOrder } from './order-archives.js';
import { type SortedPatterns, showPattern } from './series-patterns.js';

export interface SeriesInOrderOptions extends FindOptions {
  readonly order: SeriesOrder;
  readonly onSkipped: (skipped: SkippedArchive) => void;
  /** Whether an archive with this path may be wanted; others are left out unopened. @default all */
  readonly mayBeWanted?: (path: string) => boolean;
  /** The next sequence of a writer of which records were read before. @default none was */
  readonly nextOf?: ((writer: string) => number | undefined) | undefined;
}

/** The archives of a series in the order in which they are read. */
export interface SeriesInOrder {
  /** Whether only names decide, because objects of a store are among them. */
  readonly isByName: boolean;
  /** Lists, and reads heads, not long before an archive is due. */
  readonly archives: AsyncGenerator<PlacedArchive>;
}

/**
 * Finds the archives that patterns match, in their order. Lists local archives whole; objects of
 * stores, without local archives, while others are read, unless some may have been read before.
 *
 * @throws NoArchivesError, DirectoryError, StoreError; the archives may also throw them
 */
export async function seriesInOrder(
  patterns: SortedPatterns,
  options: SeriesInOrderOptions,
): Promise<SeriesInOrder> {
  const { local } = patterns;
  const { nextOf } = options;
  if (options.order === 'name' && local.length === 0 && nextOf === undefined) {
    return { isByName: true, archives: placeObjects(patterns, options) };
  }
  const listing = new SeriesListing(patterns, options);
  const found = await listing.list();
  const isByName = options.order === 'name' && found.some(({ isStored }) => isStored);
  const { mayBeWanted = () => true } = options;
  const wanted = found.filter(({ path }) => mayBeWanted(path));
  const unread = nextOf === undefined ? wanted : await leaveOutRead(wanted, nextOf);
  const archives = orderArchives(unread, options.order, () => listing.takeNew());
  return { isByName, archives };
}

async function* placeObjects(
  { stored }: SortedPatterns,
  { allowEmpty, indexCache, mayBeWanted = () => true, onSkipped, retries }: SeriesInOrderOptions,
): AsyncGenerator<PlacedArchive> {
  let isEmpty = true;
  for await (const archive of objectsByName(stored, { ...retries, indexCache, onSkipped })) {
    isEmpty = false;
    if (!mayBeWanted(archive.path)) continue;
    yield { archive, kind: undefined, start: undefined, misplaced: undefined };
  }
  if (isEmpty && !allowEmpty) throw new NoArchivesError(stored.map(showPattern));
}
