import { sequencesOf } from '../../reading/sequences/indexed-sequences.js';
import type { SequenceRange } from '../../reading/sequences/sequence-ranges.js';
import { compareNaturally } from '../../series/names/natural-order.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';

/** Sequences that a sealed archive holds according to its index. */
export interface ArchivedSequences {
  readonly archive: FoundArchive;
  readonly ranges: readonly SequenceRange[];
}

/** After so many archives in a row that hold nothing later, the older ones are not looked at. */
const MOST_EARLIER = 8;

/** In a larger series, the lookup reads only the latest archives. */
const MOST_ARCHIVES = 1024;

/**
 * The archives that hold a writer's records from a sequence on, by their indexes. Reads the ends of
 * archives from the last name backwards, until several in a row hold only earlier sequences. So it
 * may leave some out; an archive without an index, such as an open one, always.
 *
 * @param writer 16 hex digits
 * @throws StoreError, Node's error, the signal's reason
 */
export async function findArchivedFrom(
  archives: readonly FoundArchive[],
  writer: string,
  from: number,
  signal: AbortSignal,
): Promise<ArchivedSequences[]> {
  const latest = archives.toSorted((a, b) => compareNaturally(b.path, a.path));
  const found: ArchivedSequences[] = [];
  let earlier = 0;
  for (const archive of latest.slice(0, MOST_ARCHIVES)) {
    if (earlier === MOST_EARLIER) break;
    signal.throwIfAborted();
    const ranges = await sequencesOf(archive, writer);
    earlier = ranges.some(({ end }) => end > from) ? 0 : earlier + 1;
    if (ranges.length > 0) found.push({ archive, ranges });
  }
  return found;
}
