import { searchBackwards } from '../../reading/archives/search-backwards.js';
import { sequencesOf } from '../../reading/sequences/indexed-sequences.js';
import type { SequenceRange } from '../../reading/sequences/sequence-ranges.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';

/** Sequences that a sealed archive holds according to its index. */
export interface ArchivedSequences {
  readonly archive: FoundArchive;
  readonly ranges: readonly SequenceRange[];
}

/** In a larger series, the lookup reads only the latest archives. */
const MOST_ARCHIVES = 1024;

/**
 * The archives that hold a writer's records from a sequence on, by their indexes. Reads the ends of
 * archives from the last one backwards, until several in a row hold only earlier sequences. So it
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
  const found: ArchivedSequences[] = [];
  const lookIn = async (archive: FoundArchive) => {
    const ranges = await sequencesOf(archive, writer);
    if (ranges.length > 0) found.push({ archive, ranges });
    return ranges.some(({ end }) => end > from);
  };
  await searchBackwards(archives, signal, lookIn, MOST_ARCHIVES);
  return found;
}
