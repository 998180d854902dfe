import { type ArchiveIndex, encodeIndexFrame } from '../../codec/version-2/archive-index.js';
import { type FrameHeader, followsGap } from '../../codec/version-2/frame-header.js';
import { IndexBuilder } from '../../codec/version-2/index-builder.js';
import { SHA256_BYTES } from '../../format/index-body.js';
import type { PreviousArchive } from './previous-archive.js';

/** How an index links its archive to the other archives of the writer. */
export type ChainLink = Pick<
  ArchiveIndex,
  'ordinal' | 'previousSha256' | 'writerEnded' | 'hasMetadataIndex'
>;

/** Neighbouring blocks of one writer in a copy, which will share an index. */
export class BlockRun {
  readonly #previous: PreviousArchive | undefined;
  readonly #blocks = new IndexBuilder();
  #bytes = 0;
  #firstSequence: number | undefined;
  /** Whether the first block says that sequences before it may be missing. */
  #followsGap = false;
  #nextSequence = 0;
  #writer: string | undefined;

  /** @param previous the archive that may precede this run in the writer's chain */
  constructor(previous?: PreviousArchive) {
    this.#previous = previous;
  }

  /** Undefined until there is a block. */
  get writer(): string | undefined {
    return this.#writer;
  }

  /** The size of its frames. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a block. `grow` counts its bytes. */
  add(header: FrameHeader, bytes: number): void {
    this.#writer = header.writer;
    if (this.#firstSequence === undefined) {
      this.#firstSequence = header.sequence;
      this.#followsGap = followsGap(header);
    }
    this.#blocks.skipTo(this.#bytes);
    this.#blocks.add({ ...header, bytes });
    this.#nextSequence = header.sequence + header.records;
  }

  /** Counts the bytes of a frame of any kind. */
  grow(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The link of a run that lost its own index, as far as it can be derived. */
  guessLink(): ChainLink {
    const previous = this.#findPrevious();
    if (previous !== undefined) {
      const ordinal = previous.ordinal === undefined ? undefined : previous.ordinal + 1;
      return { ordinal, previousSha256: previous.sha256, writerEnded: false };
    }
    // Other archives may come between. With an invented ordinal, verification would report them as
    // missing, or an archive as altered.
    const ordinal = this.#firstSequence === 0 ? 0 : undefined;
    return { ordinal, previousSha256: Buffer.alloc(SHA256_BYTES), writerEnded: false };
  }

  /**
   * Encodes the run's index as a whole frame.
   *
   * @param sha256 SHA-256 of the run's bytes
   * @throws Error if the run has no block
   */
  encodeIndex(link: ChainLink, sha256: Uint8Array): Buffer {
    if (this.#writer === undefined) throw new Error('no block to index');
    const index = {
      ...link,
      archiveBytes: this.#bytes,
      sha256,
      records: this.#blocks.records,
      order: this.#blocks.order,
      entries: this.#blocks.entries,
    };
    return encodeIndexFrame(index, Buffer.from(this.#writer, 'hex'), this.#nextSequence);
  }

  /**
   * The run that follows the index of this one.
   *
   * @param sha256 SHA-256 of this run's bytes, its index included
   */
  next(sha256: Uint8Array, { ordinal }: ChainLink): BlockRun {
    const writer = this.#writer;
    if (writer === undefined) return new BlockRun();
    return new BlockRun({ writer, ordinal, nextSequence: this.#nextSequence, sha256 });
  }

  /** The previous archive, if no record is missing in between. */
  #findPrevious(): PreviousArchive | undefined {
    // This run may be the first one of its writer since a restart: its chain begins here.
    if (this.#followsGap) return undefined;
    const previous = this.#previous;
    const isNext =
      previous?.writer === this.#writer && previous?.nextSequence === this.#firstSequence;
    return isNext ? previous : undefined;
  }
}
