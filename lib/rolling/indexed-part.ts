import { createHash } from 'node:crypto';

import { type ArchiveIndex, encodeIndexFrame } from '../codec/archive-index.js';
import type { FrameHeader } from '../codec/frame-header.js';
import { IndexBuilder } from '../codec/index-builder.js';
import { SHA256_BYTES } from '../format/index-body.js';

/** Where an archive stands in the chain of its writer's. */
export type PartOrigin = Pick<ArchiveIndex, 'ordinal' | 'previousSha256' | 'writerEnded'>;

/** The part before, where it was sealed. */
interface PreviousPart {
  readonly writer: string | undefined;
  readonly ordinal: number;
  readonly sha256: Uint8Array;
}

/** Blocks of one writer that were copied, one behind the other, and are to get an index. */
export class IndexedPart {
  readonly #previous: PreviousPart | undefined;
  readonly #blocks = new IndexBuilder();
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #nextSequence = 0;
  #writer: string | undefined;

  constructor(previous?: PreviousPart) {
    this.#previous = previous;
  }

  /** Undefined until there is a block. */
  get writer(): string | undefined {
    return this.#writer;
  }

  /** Adds a block, whose bytes are given to `update`. */
  add(header: FrameHeader, bytes: number): void {
    this.#writer = header.writer;
    this.#blocks.skipTo(this.#bytes);
    this.#blocks.add({ ...header, bytes });
    this.#nextSequence = header.sequence + header.records;
  }

  /** Takes in the bytes of a frame of any kind. */
  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  /** What can be said of a part whose own index is lost. */
  guessOrigin(): PartOrigin {
    const previous = this.#previous;
    if (previous === undefined || previous.writer !== this.#writer) {
      return { ordinal: 0, previousSha256: Buffer.alloc(SHA256_BYTES), writerEnded: false };
    }
    return { ordinal: previous.ordinal + 1, previousSha256: previous.sha256, writerEnded: false };
  }

  /** Its index as a whole frame, or null where there is nothing that it could speak of. */
  encodeIndex(origin: PartOrigin): Buffer | null {
    if (this.#writer === undefined) return null;
    const index = {
      ...origin,
      archiveBytes: this.#bytes,
      sha256: this.#hash.copy().digest(),
      records: this.#blocks.records,
      entries: this.#blocks.entries,
    };
    return encodeIndexFrame(index, Buffer.from(this.#writer, 'hex'), this.#nextSequence);
  }

  /** The part that follows, behind the index of this one. */
  next(index: Uint8Array, { ordinal }: PartOrigin): IndexedPart {
    const sha256 = this.#hash.copy().update(index).digest();
    return new IndexedPart({ writer: this.#writer, ordinal, sha256 });
  }
}
