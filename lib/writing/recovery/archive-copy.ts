import type { ScannedFrame } from '../../codec/frames/frame-scanner.js';
import type { ArchiveFormat } from '../../codec/records/record-encoder.js';
import { decodeIndexBody } from '../../codec/version-2/archive-index.js';
import type { FrameHeader } from '../../codec/version-2/frame-header.js';
import type { OpenFile } from '../../files/file-layer.js';
import { HEADER_BYTES, KIND_INDEX, KIND_RECORDS } from '../../format/version-2.js';
import type { SealFacts } from '../../series/names/seal-facts.js';
import type { ArchivePiece } from '../../series/opening/walk-archive.js';
import { BlockRun, type ChainLink } from './block-run.js';
import { CopyTarget } from './copy-target.js';
import type { PreviousArchive } from './previous-archive.js';

const LINE_FEED = Buffer.from('\n');

/** Copying longer lines would cost more than it saves. */
const MOST_JOINED_BYTES = 64 * 2 ** 10;

/** Finds the archive that its writer sealed just before the record with a sequence. */
export type FindPrevious = (
  writer: string,
  sequence: number,
) => Promise<PreviousArchive | undefined>;

/** The facts about a complete copy. */
export interface CopyFacts extends SealFacts {
  readonly bytes: number;
  /** How many frames were copied, without indexes. */
  readonly frames: number;
  readonly format: ArchiveFormat;
  /** The writer that the last index names; undefined without an index. */
  readonly writer: string | undefined;
  /** The archive's number within that writer, from 0; undefined if it is unknown. */
  readonly ordinal: number | undefined;
}

/** Writes the valid frames of an archive to a new archive, and gives its blocks an index. */
export class ArchiveCopy {
  readonly #target: CopyTarget;
  readonly #findPrevious: FindPrevious;
  #records = 0;
  #frames = 0;
  #format: ArchiveFormat = 'v2';
  #earliestMicros: number | null = null;
  #latestMicros: number | null = null;
  #run = new BlockRun();
  #writer: string | undefined;
  #ordinal: number | undefined;
  /** The last line, which may be torn. */
  #line: Buffer | undefined;

  /**
   * @param findPrevious called for blocks at the start of the archive, in case they lost their
   *   index
   */
  constructor(file: OpenFile, findPrevious: FindPrevious = async () => undefined) {
    this.#target = new CopyTarget(file);
    this.#findPrevious = findPrevious;
  }

  get bytes(): number {
    return this.#target.bytes;
  }

  /**
   * Copies a piece. Its bytes must not change until this settles; those of the last line, until the
   * next call does.
   */
  async add(piece: ArchivePiece): Promise<void> {
    if (piece.kind === 'lines') {
      await this.#addLines(piece.lines);
      return;
    }
    const { frame, records } = piece;
    const { bytes, header } = frame;
    if (header?.kind === KIND_INDEX) {
      if (header.writer === this.#run.writer) await this.#seal(linkOf(frame, this.#run.bytes));
      return;
    }
    this.#frames++;
    this.#records += records;
    if (header === null) {
      if (this.bytes === 0) this.#format = 'v1';
      this.#begin(new BlockRun());
    } else {
      if (header.kind === KIND_RECORDS) await this.#addBlock(header, bytes.length);
      this.#target.beginRun();
      this.#run.grow(bytes.length);
    }
    await this.#target.write(bytes);
  }

  /**
   * Takes the last line back, because the archive ends without its line feed: `3` may have been
   * `33`.
   *
   * @returns the bytes of the line
   */
  dropLine(): number {
    const bytes = this.#line?.length ?? 0;
    this.#line = undefined;
    return bytes;
  }

  /** Writes the remaining bytes and syncs the file. */
  async finish(): Promise<CopyFacts> {
    await this.#addLine();
    await this.#seal(this.#run.guessLink());
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

  /** Frees the digests. Call it at the end, also if the copy has failed. */
  release(): void {
    this.#target.release();
  }

  /** All but the last one, which may be torn. */
  async #addLines(lines: readonly Buffer[]): Promise<void> {
    await this.#addLine();
    const whole = lines.slice(0, -1);
    this.#line = lines.at(-1);
    if (whole.length === 0) return;
    this.#format = 'jsonl';
    this.#records += whole.length;
    for (const bytes of joinShort(whole)) await this.#target.write(bytes);
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
    // Blocks of an earlier writer, which was interrupted, stay without an index.
    if (this.#run.writer !== undefined && this.#run.writer !== writer) this.#begin(new BlockRun());
    if (this.bytes === 0) this.#begin(new BlockRun(await this.#findPrevious(writer, sequence)));
    this.#run.add(header, bytes);
    this.#earliestMicros = Math.min(this.#earliestMicros ?? earliestMicros, earliestMicros);
    this.#latestMicros = Math.max(this.#latestMicros ?? latestMicros, latestMicros);
  }

  async #seal(link: ChainLink): Promise<void> {
    const run = this.#run;
    if (run.writer === undefined) return;
    const index = run.encodeIndex(link, await this.#target.sha256('run'));
    await this.#target.write(index);
    this.#writer = run.writer;
    this.#ordinal = link.ordinal;
    this.#begin(run.next(await this.#target.sha256('run'), link));
  }

  #begin(run: BlockRun): void {
    this.#target.endRun();
    this.#run = run;
  }
}

/** Lines with their line feeds: short ones in one piece, because each write takes its turn. */
function joinShort(lines: readonly Buffer[]): Buffer[] {
  const pieces = lines.flatMap((line) => [line, LINE_FEED]);
  const bytes = lines.reduce((sum, line) => sum + line.length, 0);
  return bytes > MOST_JOINED_BYTES ? pieces : [Buffer.concat(pieces)];
}

/** @param runBytes how many of the bytes that the index covers were copied */
function linkOf({ bytes, offset }: ScannedFrame, runBytes: number): ChainLink {
  const index = decodeIndexBody(bytes.subarray(HEADER_BYTES), offset);
  const { archiveBytes, ordinal, previousSha256, writerEnded } = index;
  // A metadata index names blocks by their offsets, so it is of use only if no frame is missing.
  const hasMetadataIndex = index.hasMetadataIndex === true && archiveBytes === runBytes;
  return { ordinal, previousSha256, writerEnded, hasMetadataIndex };
}
