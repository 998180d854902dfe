import type { ArchiveIndex, IndexEntry } from '../../codec/version-2/archive-index.js';
import type { FrameHeader } from '../../codec/version-2/frame-header.js';

/** The frames before an index, as the index should describe them. */
export interface IndexedFrames {
  /** The blocks that were found. An index may join neighbours into one entry. */
  readonly entries: readonly IndexEntry[];
  /** The sequence after the last record; undefined if there are no records. */
  readonly nextSequence: number | undefined;
  /** SHA-256 of the indexed bytes, in hex; undefined if it is not known yet. */
  readonly sha256: string | undefined;
}

/** How an index contradicts the frames before it, or undefined if it agrees with them. */
export function indexProblem(
  index: ArchiveIndex,
  header: FrameHeader,
  frames: IndexedFrames,
): string | undefined {
  const entries = entriesProblem(index.entries, frames.entries);
  if (entries !== undefined) return entries;
  const next = frames.nextSequence ?? header.sequence;
  if (header.sequence !== next) {
    return `its next sequence is ${header.sequence}, that of the frames ${next}`;
  }
  return frames.sha256 === undefined ? undefined : sha256Problem(index.sha256, frames.sha256);
}

export function sha256Problem(claimed: Uint8Array, found: string): string | undefined {
  const expected = Buffer.from(claimed).toString('hex');
  if (expected === found) return undefined;
  return `its SHA-256 of the bytes before it is ${expected}, theirs is ${found}`;
}

function entriesProblem(
  claimed: readonly IndexEntry[],
  found: readonly IndexEntry[],
): string | undefined {
  let at = 0;
  for (const [i, entry] of claimed.entries()) {
    const end = claimed[i + 1]?.offset ?? Number.POSITIVE_INFINITY;
    const first = found[at];
    if (first?.offset !== entry.offset)
      return `no block begins at byte ${entry.offset}, where it has an entry`;
    let { records, earliestMicros, latestMicros } = first;
    for (let next = found[++at]; next && next.offset < end; next = found[++at]) {
      records += next.records;
      earliestMicros = Math.min(earliestMicros, next.earliestMicros);
      latestMicros = Math.max(latestMicros, next.latestMicros);
    }
    const isSame =
      entry.records === records &&
      entry.sequence === first.sequence &&
      entry.earliestMicros === earliestMicros &&
      entry.latestMicros === latestMicros;
    if (!isSame) return `its entry for byte ${entry.offset} does not match the blocks there`;
  }
  const more = found[at];
  return more === undefined ? undefined : `it has no entry for the block at ${more.offset}`;
}
