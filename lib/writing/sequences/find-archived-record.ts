import type { ArchiveRecord } from '../../codec/records/archive-record.js';
import type { RecordSelection } from '../../codec/version-2/block-selection.js';
import type { FrameHeader } from '../../codec/version-2/frame-header.js';
import { ArchiveError } from '../../errors/archive-error.js';
import { StoreError } from '../../errors/store-error.js';
import { DEFAULT_MAX_RECORD_BYTES } from '../../format/limits.js';
import type { IndexedRun, SpanOptions } from '../../reading/archives/find-spans.js';
import { type ReadArchiveOptions, readArchive } from '../../reading/archives/read-archive.js';
import { searchBackwards } from '../../reading/archives/search-backwards.js';
import type { SequenceRange } from '../../reading/sequences/sequence-ranges.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';
import { readIndexChain } from '../../series/opening/index-chain.js';
import { isArchiveGone } from '../../series/opening/open-archive.js';
import { uncompressedEnds } from '../../series/opening/uncompressed-ends.js';

/** The archived records around a sequence. */
export interface ArchivedAt {
  /** The record with that sequence; undefined if it is not archived. */
  readonly record: ArchiveRecord | undefined;
  /** The sequence after the last archived one; undefined if no record is archived. */
  readonly end: number | undefined;
}

/** How far `findArchived` looks. */
export interface ArchivedSearch {
  /**
   * Where to look. `latest`: in the latest archives, which is enough if all hosts archive in the
   * order of the sequences. `all`: as long as `end` does not reach the sequence, in every archive.
   * Ask so before you say that a record is lost. @default 'latest'
   */
  readonly among?: 'latest' | 'all' | undefined;
}

/** In a larger series, the first search looks only at the latest archives. */
const MOST_ARCHIVES = 1024;

/** How many archives to look in at the same time, if it must be in all. */
const MOST_REQUESTS = 8;

const QUIETLY: ReadArchiveOptions = {
  maxRecordBytes: DEFAULT_MAX_RECORD_BYTES,
  metadataKey: undefined,
  whenDamaged: 'skip',
  onDamage: () => undefined,
};

/**
 * Looks for the record of a writer with a sequence, and for the end of the writer's records, from the
 * last archive backwards: by the index of a sealed archive, and in the whole of one that is open.
 *
 * @param writer 16 hex digits
 * @param onLooked one more archive has been looked at
 * @throws StoreError, Node's error, the signal's reason; ArchiveError `ERR_ARCHIVE_GONE` if an archive
 *   was shipped or recovered meanwhile, so that it must be listed again
 */
export async function findArchivedRecord(
  archives: readonly FoundArchive[],
  writer: string,
  sequence: number,
  signal: AbortSignal,
  { among, onLooked }: ArchivedSearch & { readonly onLooked?: () => void } = {},
): Promise<ArchivedAt> {
  const found: Found = { record: undefined, end: undefined };
  const lookIn = async (archive: FoundArchive) => {
    const isLate = await new ArchiveSearch(writer, sequence, found).lookIn(archive);
    onLooked?.();
    return isLate;
  };
  const looked = await searchBackwards(archives, signal, lookIn, MOST_ARCHIVES);
  if (among !== 'all') return found;
  const rest = archives.filter((archive) => !looked.has(archive)).values();
  const lookOn = async () => {
    for (const archive of rest) {
      if ((found.end ?? 0) >= sequence) return;
      signal.throwIfAborted();
      await lookIn(archive);
    }
  };
  await Promise.all(Array.from({ length: MOST_REQUESTS }, lookOn));
  return found;
}

/** The result of a search, which it fills in as it goes. */
interface Found {
  record: ArchiveRecord | undefined;
  end: number | undefined;
}

/** Looks in one archive for the record of a writer, and notes how far the writer's records go. */
class ArchiveSearch implements RecordSelection {
  readonly earliestMicros = Number.NEGATIVE_INFINITY;
  readonly latestMicros = Number.POSITIVE_INFINITY;
  readonly metadata = undefined;
  readonly #writer: string;
  readonly #sequence: number;
  readonly #found: Found;
  #latestHere = 0;

  constructor(writer: string, sequence: number, found: Found) {
    this.#writer = writer;
    this.#sequence = sequence;
    this.#found = found;
  }

  /** @returns whether the archive holds the sequence or a later one */
  async lookIn(archive: FoundArchive): Promise<boolean> {
    try {
      const isIndexed = await this.#readIndexes(archive);
      if (!isIndexed) await this.#read(archive, undefined);
      else if (this.#latestHere > this.#sequence && this.#found.record === undefined) {
        const isWanted = (run: IndexedRun) => this.#mayHold(run);
        await this.#read(archive, { isWanted, whenUntimed: 'read it', leastBytes: 0 });
      }
    } catch (error) {
      // A damaged archive holds nothing that this search could find.
      if (isArchiveGone(error) || error instanceof StoreError) throw error;
      if (!(error instanceof ArchiveError)) throw error;
    }
    return this.#latestHere > this.#sequence;
  }

  passOver({ records, sequence, writer }: FrameHeader): SequenceRange[] {
    const wanted = this.#sequence;
    const end = sequence + records;
    if (writer !== this.#writer || wanted < sequence || wanted >= end) {
      return [{ begin: sequence, end }];
    }
    return [
      { begin: sequence, end: wanted },
      { begin: wanted + 1, end },
    ].filter((range) => range.begin < range.end);
  }

  noteRead({ records, sequence, writer }: FrameHeader): void {
    if (writer === this.#writer) this.#noteEnd(sequence + records);
  }

  #noteEnd(end: number): void {
    this.#latestHere = Math.max(this.#latestHere, end);
    this.#found.end = Math.max(this.#found.end ?? 0, end);
  }

  /** @returns whether indexes describe the whole archive */
  async #readIndexes(archive: FoundArchive): Promise<boolean> {
    const source = await archive.open('end');
    try {
      const ends = source.isOpen ? null : await uncompressedEnds(source);
      if (ends === null) return false;
      const { isWhole } = await readIndexChain(ends, ({ header }) => {
        if (header.writer === this.#writer) this.#noteEnd(header.sequence);
      });
      return isWhole;
    } finally {
      await source.close();
    }
  }

  async #read(archive: FoundArchive, seek: SpanOptions | undefined): Promise<void> {
    for await (const records of readArchive(archive, this, QUIETLY, seek)) {
      const found = records.find(
        ({ sequence, writer }) => sequence === this.#sequence && writer === this.#writer,
      );
      this.#found.record ??= found?.copy();
    }
  }

  #mayHold({ end, records, sequence, writer }: IndexedRun): boolean {
    if (writer === undefined) return true;
    const isBefore = (end ?? sequence + records) <= this.#sequence;
    return writer === this.#writer && sequence <= this.#sequence && !isBefore;
  }
}
