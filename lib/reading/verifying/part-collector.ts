import type { ScannedFrame } from '../../codec/frames/frame-scanner.js';
import { namesSequence } from '../../codec/frames/known-writers.js';
import { decodeIndexBody, type IndexEntry } from '../../codec/version-2/archive-index.js';
import { type FrameHeader, followsGap } from '../../codec/version-2/frame-header.js';
import { IndexBuilder } from '../../codec/version-2/index-builder.js';
import { HEADER_BYTES, KIND_INDEX, KIND_RECORDS } from '../../format/version-2.js';
import type { SequenceGap } from '../../series/opening/sequence-gap.js';
import { type Overlap, SequenceLedger } from '../sequences/sequence-ledger.js';
import type { ArchivePart } from './archive-report.js';
import { indexProblem } from './index-problem.js';
import type { RangeHash } from './range-hash.js';

/**
 * An index that showed where its part begins only when it was read. Its SHA-256 could not be
 * checked, because the bytes were already hashed as part of another range.
 */
export interface UncheckedIndex {
  /** The number of its part in `parts`. */
  readonly part: number;
  /** The digest that it states. Not the whole index, which may take 10 MB. */
  readonly sha256: Uint8Array;
  /** The offsets of the bytes that it indexes. */
  readonly begin: number;
  readonly end: number;
}

/** How many gaps and other findings of a kind are kept: there may be one before each frame. */
const MOST_FOUND = 1000;

/** How many parts are kept: an archive without records has 164 bytes. */
export const MOST_PARTS = 65_536;

/** The part that is being read. */
interface OpenPart {
  readonly begin: number;
  writer: string | undefined;
  frames: number;
  /** Records of version 1, which have no blocks. */
  records: number;
  nextSequence: number | undefined;
  /** Whether a block says that sequences before it may be missing, and whether the first does. */
  hasGivenSequences: boolean;
  followsGap: boolean;
  readonly blocks: IndexBuilder;
}

/**
 * Divides the frames of a file into the archives that were concatenated, and checks their indexes.
 */
export class PartCollector {
  readonly parts: ArchivePart[] = [];
  /** How many more parts there are. */
  omittedParts = 0;
  readonly late: SequenceGap[] = [];
  readonly repeated: SequenceGap[] = [];
  readonly unchecked: UncheckedIndex[] = [];
  readonly #hash: RangeHash;
  readonly #gaps: SequenceGap[] = [];
  /** The one that a reader uses, so that both find the same. */
  readonly #ledger: SequenceLedger;
  #part = openPart(0);
  /** The end of the last index. No later index may claim bytes before it. */
  #sealedBytes = 0;

  /** @param hash receives all bytes of the file; the collector asks it for ranges */
  constructor(hash: RangeHash, archive = '') {
    this.#hash = hash;
    this.#ledger = new SequenceLedger({
      whenLate: 'read',
      onGap: (gap) => keep(gap, this.#gaps),
      onLate: ({ from, to, writer }) => keep({ writer, from, to }, this.late),
      onRepeat: (records) => keep(records, this.repeated),
    });
    this.#ledger.beginArchive(archive);
  }

  /** Missing records, without those that come late. */
  get gaps(): SequenceGap[] {
    return this.#gaps.flatMap((gap) => this.#ledger.missingIn(gap)).slice(0, MOST_FOUND);
  }

  /** Records that the archive holds twice, in blocks that are not the same. */
  takeOverlaps(): Overlap[] {
    return this.#ledger.takeOverlaps();
  }

  add(frame: ScannedFrame, records: number): void {
    const { header, offset } = frame;
    // A frame of a skippable kind belongs to the part around it, whatever its writer.
    if (header !== null && header.kind !== KIND_RECORDS && header.kind !== KIND_INDEX) return;
    const writer = header?.writer;
    if (this.#part.frames > 0 && this.#part.writer !== writer) this.#endUnsealed(offset);
    const part = this.#part;
    part.writer = writer;
    // As a reader does, which takes the last possible sequence, too.
    const isNoted = header?.kind === KIND_RECORDS || (header !== null && namesSequence(header));
    if (header !== null && isNoted) this.#ledger.noteRead(header);
    if (header !== null && header.kind === KIND_INDEX) {
      this.#seal(frame, header);
      return;
    }
    part.frames++;
    if (header === null) {
      part.records += records;
      return;
    }
    if (followsGap(header)) {
      part.followsGap ||= part.frames === 1;
      part.hasGivenSequences = true;
    }
    part.blocks.skipTo(offset - part.begin);
    part.blocks.add({ ...header, bytes: frame.bytes.length });
    part.nextSequence = header.sequence + records;
  }

  /** The file ends: frames without an index after them are a part as well. */
  end(offset: number): void {
    if (this.#part.frames > 0) this.#endUnsealed(offset);
  }

  #seal({ bytes, offset }: ScannedFrame, header: FrameHeader): void {
    const index = decodeIndexBody(bytes.subarray(HEADER_BYTES), offset);
    const part = this.#part;
    const begin = offset - index.archiveBytes;
    const end = offset + bytes.length;
    const isPossible = begin >= this.#sealedBytes;
    // If the index begins within the part, the frames before that are of an archive that was cut
    // off.
    const isWithin = isPossible && begin > part.begin && part.frames > 0;
    const found = part.blocks.entries.map((entry) => ({
      ...entry,
      offset: entry.offset + part.begin - begin,
    }));
    const own = isWithin ? found.filter((entry) => entry.offset >= 0) : found;
    if (isWithin) this.#push(begin, found.slice(0, found.length - own.length), part);
    const { nextSequence } = part;
    const isHashed = begin === part.begin;
    this.#hash.advance(offset);
    const sha256 = isHashed ? this.#hash.digest() : undefined;
    const problem = isPossible
      ? indexProblem(index, header, { entries: own, nextSequence, sha256 })
      : `it claims ${index.archiveBytes} bytes, before it are only ${offset - this.#sealedBytes}`;
    this.#hash.advance(end);
    if (isPossible && !isHashed) {
      const { length: part } = this.parts;
      if (part < MOST_PARTS) {
        this.unchecked.push({ part, sha256: index.sha256, begin, end: offset });
      }
    }
    this.#add({
      begin: isPossible ? begin : part.begin,
      end,
      writer: header.writer,
      records: sumOf(own),
      sequence: own[0]?.sequence ?? header.sequence,
      nextSequence: header.sequence,
      // Where the part begins amid the frames, one of them may be its first.
      ...marksOf(part, isWithin ? part.hasGivenSequences : part.followsGap),
      index: {
        problem,
        ordinal: index.ordinal,
        previousSha256: Buffer.from(index.previousSha256).toString('hex'),
        writerEnded: index.writerEnded,
        sha256: this.#hash.digest(),
      },
    });
    this.#sealedBytes = end;
    this.#begin(end);
  }

  #endUnsealed(offset: number): void {
    const part = this.#part;
    this.#push(offset, part.blocks.entries, part);
    this.#hash.advance(offset);
    this.#begin(offset);
  }

  #push(end: number, entries: readonly IndexEntry[], part: OpenPart): void {
    const last = entries.at(-1);
    this.#add({
      begin: part.begin,
      end,
      writer: part.writer,
      records: part.records + sumOf(entries),
      sequence: entries[0]?.sequence,
      nextSequence: last === undefined ? undefined : last.sequence + last.records,
      ...marksOf(part, part.followsGap),
      index: undefined,
    });
  }

  #add(part: ArchivePart): void {
    if (this.parts.length < MOST_PARTS) this.parts.push(part);
    else this.omittedParts++;
  }

  #begin(offset: number): void {
    this.#part = openPart(offset);
    this.#hash.restart();
  }
}

function marksOf(
  { hasGivenSequences }: OpenPart,
  isFirstMarked: boolean,
): Pick<ArchivePart, 'hasGivenSequences' | 'followsGap'> {
  if (!hasGivenSequences) return {};
  return { hasGivenSequences, ...(isFirstMarked && { followsGap: true }) };
}

function keep<Found>(found: Found, list: Found[]): void {
  if (list.length < MOST_FOUND) list.push(found);
}

function openPart(begin: number): OpenPart {
  const blocks = new IndexBuilder();
  return {
    ...{ begin, blocks, writer: undefined, frames: 0, records: 0, nextSequence: undefined },
    ...{ hasGivenSequences: false, followsGap: false },
  };
}

function sumOf(entries: readonly IndexEntry[]): number {
  return entries.reduce((sum, { records }) => sum + records, 0);
}
