import { compareNaturally } from '../../series/names/natural-order.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';

/** After so many archives in a row that hold nothing as late, the older ones are not opened. */
const MOST_EARLIER = 8;

/**
 * Looks for a late record in archives from the last one backwards, until several in a row hold
 * only earlier ones. Looks on disk and in stores each by itself: what is on disk only may be later
 * than everything in a store. The order is that of the names, in whatever folder they are, and then
 * that of the paths: if names say nothing about time, folders may (`dt=2026-11-30`).
 *
 * @param lookIn returns whether the archive may hold what is looked for, or something later; called
 *   once for each archive
 * @param most how many archives are looked at in each order
 * @returns the archives that were looked at
 * @throws what `lookIn` throws, and the signal's reason
 */
export async function searchBackwards(
  archives: readonly FoundArchive[],
  signal: AbortSignal,
  lookIn: (archive: FoundArchive) => Promise<boolean>,
  most = Number.POSITIVE_INFINITY,
): Promise<ReadonlySet<FoundArchive>> {
  const byPath = archives.toSorted((a, b) => compareNaturally(b.path, a.path));
  const local = byPath.filter(({ isStored }) => !isStored);
  const stored = byPath.filter(({ isStored }) => isStored);
  const answers = new Map<FoundArchive, boolean>();
  for (const ordered of [lastNameFirst(local), local, lastNameFirst(stored), stored]) {
    let earlier = 0;
    for (const archive of ordered.slice(0, most)) {
      if (earlier === MOST_EARLIER) break;
      signal.throwIfAborted();
      const isLate = answers.get(archive) ?? (await lookIn(archive));
      answers.set(archive, isLate);
      earlier = isLate ? 0 : earlier + 1;
    }
  }
  return new Set(answers.keys());
}

function lastNameFirst(archives: readonly FoundArchive[]): FoundArchive[] {
  return archives
    .map((archive) => ({ archive, name: archive.path.slice(archive.path.lastIndexOf('/') + 1) }))
    .sort((a, b) => compareNaturally(b.name, a.name))
    .map(({ archive }) => archive);
}
