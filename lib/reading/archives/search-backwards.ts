import { compareNaturally } from '../../series/names/natural-order.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';

/** After so many archives in a row that hold nothing as late, the older ones are not opened. */
const MOST_EARLIER = 8;

/**
 * Looks for a late record in archives from the last name backwards, until several in a row hold
 * only earlier ones.
 *
 * @param lookIn returns whether the archive may hold what is looked for, or something later
 * @throws what `lookIn` throws, and the signal's reason
 */
export async function searchBackwards(
  archives: readonly FoundArchive[],
  signal: AbortSignal,
  lookIn: (archive: FoundArchive) => Promise<boolean>,
): Promise<void> {
  let earlier = 0;
  for (const archive of archives) {
    if (earlier === MOST_EARLIER) return;
    signal.throwIfAborted();
    earlier = (await lookIn(archive)) ? 0 : earlier + 1;
  }
}

/** The last name first. */
export function lastFirst(archives: readonly FoundArchive[]): FoundArchive[] {
  return archives.toSorted((a, b) => compareNaturally(b.path, a.path));
}
