import { FORMAT_BYTES, memberFormatOf } from '../../codec/compression/member-formats.js';
import type { ScannedFrame } from '../../codec/frames/frame-scanner.js';
import { BlockValues } from '../../codec/metadata-index/block-values.js';
import type { KeySection } from '../../codec/metadata-index/key-section.js';
import { quote } from '../../errors/show.js';
import { MIN_INDEX_BODY_BYTES } from '../../format/index-body.js';
import { HEADER_BYTES, KIND_RECORDS } from '../../format/version-2.js';
import type { ArchiveSource } from '../../series/opening/archive-source.js';
import type { ArchiveEnds } from '../../series/opening/archive-tail.js';
import { type IndexedArchive, readIndexChain } from '../../series/opening/index-chain.js';
import { MemberEnds } from '../../series/opening/member-ends.js';
import { readMetadataDirectory, readSection } from '../../series/opening/metadata-runs.js';
import { readMemberIndex } from '../../series/opening/read-member-index.js';
import { uncompressedEnds } from '../../series/opening/uncompressed-ends.js';

/** More metadata indexes of one file are not checked: they would take too much memory. */
const MOST_BYTES = 64 * 2 ** 20;

/** A metadata index, and how far the blocks before it were compared with it. */
interface CheckedIndex {
  /** The offsets of the first block and of the end of the last one. */
  readonly begin: number;
  readonly end: number;
  readonly keys: readonly Buffer[];
  readonly sections: readonly KeySection[];
  readonly runs: readonly number[];
  readonly values: BlockValues;
  /** The number of the run that the next block may begin. */
  nextRun: number;
}

/** Compares the metadata indexes of a file with the blocks that they describe. */
export class MetadataIndexCheck {
  /** The fault of the first wrong metadata index. */
  problem: string | undefined;
  readonly #indexes: readonly CheckedIndex[];
  #at = 0;

  /** Reads all metadata indexes, before the blocks. */
  static async read(source: ArchiveSource): Promise<MetadataIndexCheck> {
    const ends = source.isOpen ? null : await endsOf(source);
    if (ends === null) return new MetadataIndexCheck([], undefined);
    let problem: string | undefined;
    let bytes = 0;
    const { archives } = await readIndexChain(ends, async (archive) => {
      const found = await readIndex(ends, archive, MOST_BYTES - bytes);
      if (typeof found === 'string') problem = found;
      if (typeof found === 'string' || found === null) return [];
      bytes += archive.indexBegin - found.end;
      return [found];
    });
    return new MetadataIndexCheck(archives.flat().toReversed(), problem);
  }

  private constructor(indexes: readonly CheckedIndex[], problem: string | undefined) {
    this.#indexes = indexes;
    this.problem = problem;
  }

  /** Call this for each valid frame, in order. */
  add({ bytes, header, offset }: ScannedFrame): void {
    if (header?.kind !== KIND_RECORDS) return;
    while (offset >= (this.#indexes[this.#at]?.end ?? Number.POSITIVE_INFINITY)) this.#at++;
    const index = this.#indexes[this.#at];
    if (index === undefined || offset < index.begin) return;
    this.problem ??= blockProblem(index, offset, bytes.subarray(HEADER_BYTES), header.records);
  }
}

function blockProblem(
  index: CheckedIndex,
  offset: number,
  body: Buffer,
  records: number,
): string | undefined {
  const { begin, keys, runs, sections, values } = index;
  const next = runs[index.nextRun];
  if (next !== undefined && begin + next < offset) {
    return `its metadata index has a run at byte ${begin + next}, where no block begins`;
  }
  if (next !== undefined && begin + next === offset) index.nextRun++;
  values.collect(body, records);
  for (const [i, set] of values.sets.entries()) {
    for (let value = 0; value < set.size; value++) {
      const bytes = body.subarray(set.startOf(value), set.endOf(value));
      if (sections[i]?.admits(index.nextRun - 1, bytes) === true) continue;
      const key = quote(keys[i]?.toString());
      return `its metadata index lacks a value of the key ${key} in the block at byte ${offset}`;
    }
  }
  return undefined;
}

/** @returns null if the archive has no metadata index; text if it is wrong */
async function readIndex(
  ends: ArchiveEnds,
  archive: IndexedArchive,
  mostBytes: number,
): Promise<CheckedIndex | string | null> {
  if (archive.index.hasMetadataIndex !== true) return null;
  const found = await readMetadataDirectory(ends, archive);
  if (found === null) return 'its metadata index is invalid';
  if (archive.indexBegin - found.frameBegin > mostBytes) {
    return 'the metadata indexes in the file are too large to be checked';
  }
  const sections: KeySection[] = [];
  for (const { key } of found.sections) {
    const section = await readSection(ends, found, key);
    if (typeof section === 'string') {
      return `its metadata index is invalid for the key ${quote(key.toString())}`;
    }
    sections.push(section);
  }
  const keys = found.sections.map(({ key }) => key);
  const { begin } = archive;
  const values = new BlockValues(keys);
  return { begin, end: found.frameBegin, keys, sections, runs: found.runs, values, nextRun: 0 };
}

/** The end of an archive, uncompressed; null if it is damaged, or too small for an index. */
async function endsOf(source: ArchiveSource): Promise<ArchiveEnds | null> {
  const size = await source.size();
  if (size < HEADER_BYTES + MIN_INDEX_BODY_BYTES) return null;
  const format = memberFormatOf(await source.read({ start: 0, end: FORMAT_BYTES }));
  if (format === null) return source;
  const found = await readMemberIndex(format, source);
  if (found !== null) return new MemberEnds(source, found.members);
  return await uncompressedEnds(source);
}
