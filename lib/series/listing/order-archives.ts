import { comparePaths } from '../names/compare-names.js';
import type { FoundArchive } from '../opening/found-archive.js';
import { ArchiveOrder, type PlacedArchive, type TakeNew, type WhenGone } from './archive-order.js';
import { joinByName } from './join-by-name.js';

/**
 * Whether names may decide the order. `'name'`: local archives go by what their names say, as long
 * as their heads agree, and objects of a store by their names alone. `'time'`: both go by the first
 * record of each archive, and all heads are read before the first record is emitted.
 */
export type SeriesOrder = 'name' | 'time';

/** So many heads must agree with their names before the first archive is read. */
const HEADS_AHEAD = 64;

/**
 * Puts archives into the order in which they are read, which `ArchiveOrder` describes.
 *
 * By `name`, objects of a store come first, in the natural order of their keys, and local archives
 * follow. Only objects that share their name with a local archive, or that may be later ones of its
 * writer, are read. If both are one archive, the local one takes the object's position.
 */
export async function* orderArchives(
  archives: readonly FoundArchive[],
  order: SeriesOrder,
  takeNew: TakeNew = async () => [],
  whenGone?: WhenGone,
): AsyncGenerator<PlacedArchive> {
  const stored = order === 'time' ? [] : archives.filter(({ isStored }) => isStored);
  if (stored.length === 0) {
    const headsAhead = order === 'time' ? Number.POSITIVE_INFINITY : HEADS_AHEAD;
    yield* inOrder(new ArchiveOrder(archives, { headsAhead, takeNew, whenGone }));
    return;
  }
  const local = archives.filter(({ isStored }) => !isStored);
  const headsAhead = Number.POSITIVE_INFINITY;
  const placed = await collect(new ArchiveOrder(local, { headsAhead, takeNew, whenGone }));
  stored.sort((a, b) => comparePaths(a.path, b.path));
  for (const archive of await joinByName(stored, placed)) {
    yield { archive, kind: undefined, start: undefined, misplaced: undefined };
  }
}

async function* inOrder(order: ArchiveOrder): AsyncGenerator<PlacedArchive> {
  for (let placed = await order.next(); placed !== null; placed = await order.next()) yield placed;
}

async function collect(order: ArchiveOrder): Promise<PlacedArchive[]> {
  const placed: PlacedArchive[] = [];
  for await (const one of inOrder(order)) placed.push(one);
  return placed;
}
