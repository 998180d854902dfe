import type { ScannedFrame } from '../../codec/frames/frame-scanner.js';
import type { ArchiveFormat } from '../../codec/records/record-encoder.js';
import { decodeIndexBody } from '../../codec/version-2/archive-index.js';
import type { FrameHeader } from '../../codec/version-2/frame-header.js';
import type { OpenFile } from '../../files/file-layer.js';
import { HEADER_BYTES, KIND_INDEX, KIND_RECORDS } from '../../format/version-2.js';
import type { SealFacts } from '../../series/names/seal-facts.js';
import type { ArchivePiece } from '../../series/opening/walk-archive.js';
import { IndexedPart, type PartOrigin } from './archive-span.js';
import { CopyTarget } from './copy-target.js';
import type { PreviousArchive } from './previous-archive.js';

const LINE_FEED = Buffer.from('\n');

/** Finds the archive that its writer sealed just before the record of a sequence. */
export type FindPrevious = (
  writer: string,
  sequence: number,
) => Promise<PreviousArchive | undefined>;

/** What is known of a copy that is whole. */
export interface CopyFacts extends SealFacts {
  readonly bytes: number;
  /** Its indexes are not counted. */
  readonly frames: number;
  readonly format: ArchiveFormat;
  /** By the last index: who wrote it, and which of the writer's archives it is. */
  readonly writer: string | undefined;
  readonly ordinal: number | undefined;
}

/** A new archive of what is good in another, while it is written. Its blocks get an index. */
export class ArchiveCopy {
  readonly #target: CopyTarget;
  readonly #findPrevious: FindPrevious;
  #records = 0;
  #frames = 0;
  #format: ArchiveFormat = 'v2';
  #earliestMicros: number | null = null;
  #latestMicros: number | null = null;
  #part = new IndexedPart();
  #writer: string | undefined;
  #ordinal: number | undefined;
  /** Of a last line it is not known whether it is whole. */
  #line: Buffer | undefined;

  /** @param findPrevious asked for the place of blocks at the start that lost their index */
  constructor(file: OpenFile, findPrevious: FindPrevious = async () => undefined) {
    this.#target = new CopyTarget(file);
    this.#findPrevious = findPrevious;
  }

  get bytes(): number {
    return this.#target.bytes;
  }

  /** Copies the piece, whose bytes are its own until this settles; a line, until the next one does. */
  async add(piece: ArchivePiece): Promise<void> {
    if ('line' in piece) {
      await this.#addLine();
      this.#line = piece.line;
      return;
    }
    const { frame, records } = piece;
    const { bytes, header } = frame;
    if (header?.kind === KIND_INDEX) {
      if (header.writer === this.#part.writer) await this.#seal(originOf(frame));
      return;
    }
    this.#frames++;
    this.#records += records;
    if (header === null) {
      if (this.bytes === 0) this.#format = 'v1';
      this.#begin(new IndexedPart());
    } else {
      if (header.kind === KIND_RECORDS) await this.#addBlock(header, bytes.length);
      this.#target.beginPart();
      this.#part.grow(bytes.length);
    }
    await this.#target.write(bytes);
  }

  /** Takes the last line back: the archive ends before its line feed, and `3` may have been `33`. */
  dropLine(): number {
    const bytes = this.#line?.length ?? 0;
    this.#line = undefined;
    return bytes;
  }

  /** Writes what is left, and makes all of it last. */
  async finish(): Promise<CopyFacts> {
    await this.#addLine();
    await this.#seal(this.#part.guessOrigin());
    await this.#target.finish();
    return {
      bytes: this.bytes,
      sha256: (await this.#target.sha256('whole')).toString('hex'),
      records: this.#records,
      frames: this.#frames,
      format: this.#format,
      writer: this.#writer,
      ordinal: this.#ordinal,
      firstTimeMicros: this.#earliestMicros,
      lastTimeMicros: this.#latestMicros,
    };
  }

  /** To be called at the end, also where the copy has failed. */
  release(): void {
    this.#target.release();
  }

  async #addLine(): Promise<void> {
    if (this.#line === undefined) return;
    this.#format = 'jsonl';
    this.#records++;
    await this.#target.write(this.#line);
    await this.#target.write(LINE_FEED);
    this.#line = undefined;
  }

  async #addBlock(header: FrameHeader, bytes: number): Promise<void> {
    const { earliestMicros, latestMicros, sequence, writer } = header;
    // Blocks of another writer, which was cut off, stay without an index.
    if (this.#part.writer !== undefined && this.#part.writer !== writer) {
      this.#begin(new IndexedPart());
    }
    if (this.bytes === 0) this.#begin(new IndexedPart(await this.#findPrevious(writer, sequence)));
    this.#part.add(header, bytes);
    this.#earliestMicros = Math.min(this.#earliestMicros ?? earliestMicros, earliestMicros);
    this.#latestMicros = Math.max(this.#latestMicros ?? latestMicros, latestMicros);
  }

  async #seal(origin: PartOrigin): Promise<void> {
    const part = this.#part;
    if (part.writer === undefined) return;
    const index = part.encodeIndex(origin, await this.#target.sha256('part'));
    await this.#target.write(index);
    this.#writer = part.writer;
    this.#ordinal = origin.ordinal;
    this.#begin(part.next(await this.#target.sha256('part'), origin));
  }

  #begin(part: IndexedPart): void {
    this.#target.endPart();
    this.#part = part;
  }
}

function originOf({ bytes, offset }: ScannedFrame): PartOrigin {
  const index = decodeIndexBody(bytes.subarray(HEADER_BYTES), offset);
  const { ordinal, previousSha256, writerEnded } = index;
  return { ordinal, previousSha256, writerEnded };
}
