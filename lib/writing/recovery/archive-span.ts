import { type ArchiveIndex, encodeIndexFrame } from '../../codec/version-2/archive-index.js';
import type { FrameHeader } from '../../codec/version-2/frame-header.js';
import { IndexBuilder } from '../../codec/version-2/index-builder.js';
import { SHA256_BYTES } from '../../format/index-body.js';

/** Where an archive stands in the chain of its writer's. */
export type PartOrigin = Pick<ArchiveIndex, 'ordinal' | 'previousSha256' | 'writerEnded'>;

/** The part before, where it was sealed. */
interface PreviousPart {
  readonly writer: string | undefined;
  readonly ordinal: number | undefined;
  /** The sequence of the record that comes behind it. */
  readonly nextSequence: number;
  readonly sha256: Uint8Array;
}

/** Blocks of one writer that were copied, one behind the other, and are to get an index. */
export class IndexedPart {
  readonly #previous: PreviousPart | undefined;
  readonly #blocks = new IndexBuilder();
  #bytes = 0;
  #firstSequence: number | undefined;
  #nextSequence = 0;
  #writer: string | undefined;

  constructor(previous?: PreviousPart) {
    this.#previous = previous;
  }

  /** Undefined until there is a block. */
  get writer(): string | undefined {
    return this.#writer;
  }

  /** Adds a block, whose bytes are counted by `grow`. */
  add(header: FrameHeader, bytes: number): void {
    this.#writer = header.writer;
    this.#firstSequence ??= header.sequence;
    this.#blocks.skipTo(this.#bytes);
    this.#blocks.add({ ...header, bytes });
    this.#nextSequence = header.sequence + header.records;
  }

  /** It gets the bytes of a frame of any kind. */
  grow(bytes: number): void {
    this.#bytes += bytes;
  }

  /** What can be said of a part whose own index is lost. */
  guessOrigin(): PartOrigin {
    const previous = this.#findPrevious();
    if (previous !== undefined) {
      const ordinal = previous.ordinal === undefined ? undefined : previous.ordinal + 1;
      return { ordinal, previousSha256: previous.sha256, writerEnded: false };
    }
    // Others may be between: a place that is made up would call these missing, or an archive altered.
    const ordinal = this.#firstSequence === 0 ? 0 : undefined;
    return { ordinal, previousSha256: Buffer.alloc(SHA256_BYTES), writerEnded: false };
  }

  /**
   * Its index as a whole frame.
   *
   * @param sha256 of its bytes
   * @throws Error where it has no block
   */
  encodeIndex(origin: PartOrigin, sha256: Uint8Array): Buffer {
    if (this.#writer === undefined) throw new Error('no block to index');
    const index = {
      ...origin,
      archiveBytes: this.#bytes,
      sha256,
      records: this.#blocks.records,
      entries: this.#blocks.entries,
    };
    return encodeIndexFrame(index, Buffer.from(this.#writer, 'hex'), this.#nextSequence);
  }

  /**
   * The part that follows.
   *
   * @param sha256 of the bytes of this one, its index included
   */
  next(sha256: Uint8Array, { ordinal }: PartOrigin): IndexedPart {
    const nextSequence = this.#nextSequence;
    return new IndexedPart({ writer: this.#writer, ordinal, nextSequence, sha256 });
  }

  /** The part before, where no record is between. */
  #findPrevious(): PreviousPart | undefined {
    const previous = this.#previous;
    const isNext =
      previous?.writer === this.#writer && previous?.nextSequence === this.#firstSequence;
    return isNext ? previous : undefined;
  }
}
