import { KeySection } from '../../codec/metadata-index/key-section.js';
import {
  decodeMetadataDirectory,
  type MetadataDirectory,
  readMetadataIndexEnd,
} from '../../codec/metadata-index/metadata-directory.js';
import type { MetadataMatch } from '../../codec/version-2/metadata-match.js';
import { METADATA_INDEX_END_BYTES } from '../../format/metadata-index.js';
import type { ArchiveEnds } from './archive-tail.js';
import type { IndexedArchive } from './index-chain.js';

/** A metadata index, of which only the directory is in memory. */
export interface FoundMetadataIndex extends MetadataDirectory {
  /** The offset in the file where its frame begins. */
  readonly frameBegin: number;
}

/** A range of a file, in offsets of the uncompressed bytes. */
export interface RawRange {
  readonly begin: number;
  readonly end: number;
}

/**
 * Finds the metadata index of an archive (docs/format.md, "The metadata index").
 *
 * @returns null if it has none, or if it is invalid
 */
export async function readMetadataDirectory(
  source: ArchiveEnds,
  { begin, index, indexBegin }: IndexedArchive,
): Promise<FoundMetadataIndex | null> {
  if (index.hasMetadataIndex !== true) return null;
  const directoryEnd = indexBegin - METADATA_INDEX_END_BYTES;
  const last = await source.read({ start: Math.max(directoryEnd, begin), end: indexBegin });
  const end = readMetadataIndexEnd(last, index.archiveBytes);
  if (end === null) return null;
  const frameBegin = indexBegin - end.frameBytes;
  const bytes = await source.read({ start: directoryEnd - end.directoryBytes, end: directoryEnd });
  const directory = decodeMetadataDirectory(bytes, end, frameBegin - begin);
  return directory === null ? null : { ...directory, frameBegin };
}

/**
 * The ranges of an archive whose records may match, according to its metadata index. Reads only
 * the sections of keys that are wanted.
 *
 * @param begin where the archive begins in the file
 * @returns null if the index does not say: it is invalid, or holds none of the keys
 */
export async function findPossibleRanges(
  source: ArchiveEnds,
  begin: number,
  index: FoundMetadataIndex,
  wanted: MetadataMatch,
): Promise<RawRange[] | null> {
  let isPossible: readonly boolean[] | undefined;
  for (const [key, values] of wanted) {
    const section = await readSection(source, index, key);
    if (section === 'invalid') return null;
    if (section === 'missing') continue;
    const possible = section.possibleRuns(values);
    isPossible = isPossible?.map((other, run) => other && possible[run] === true) ?? possible;
  }
  return isPossible === undefined ? null : rangesOf(index, begin, isPossible);
}

/** The section of a key. */
export async function readSection(
  source: ArchiveEnds,
  { frameBegin, runs, sections }: FoundMetadataIndex,
  key: Buffer,
): Promise<KeySection | 'missing' | 'invalid'> {
  const entry = sections.find((other) => other.key.equals(key));
  if (entry === undefined) return 'missing';
  const range = { start: frameBegin + entry.begin, end: frameBegin + entry.end };
  return KeySection.decode(await source.read(range), entry.crc, runs.length) ?? 'invalid';
}

/** Joins neighbouring runs that are possible. */
function rangesOf(
  { frameBegin, runs }: FoundMetadataIndex,
  archiveBegin: number,
  isPossible: readonly boolean[],
): RawRange[] {
  const ranges: RawRange[] = [];
  for (const [run, offset] of runs.entries()) {
    if (isPossible[run] !== true) continue;
    const begin = archiveBegin + offset;
    const next = runs[run + 1];
    const end = next === undefined ? frameBegin : archiveBegin + next;
    const last = ranges.at(-1);
    if (last?.end === begin) ranges[ranges.length - 1] = { begin: last.begin, end };
    else ranges.push({ begin, end });
  }
  return ranges;
}
