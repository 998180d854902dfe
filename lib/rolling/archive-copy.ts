import { createHash, type Hash } from 'node:crypto';

import { decodeIndexBody } from '../codec/archive-index.js';
import type { FrameHeader } from '../codec/frame-header.js';
import type { ArchiveFormat } from '../codec/record-encoder.js';
import type { ScannedFrame } from '../codec/scanned-frame.js';
import { HEADER_BYTES, KIND_INDEX, KIND_RECORDS } from '../format/version-2.js';
import type { OpenFile } from '../storage/file-layer.js';
import { writeAll } from '../storage/write-all.js';
import { IndexedPart, type PartOrigin } from './indexed-part.js';
import type { PreviousArchive } from './previous-archive.js';
import type { SealFacts } from './token-text.js';
import type { ArchivePiece } from './walk-archive.js';

/** That much is written at a time; less takes longer, for each write has to wake a thread. */
const WRITE_BYTES = 2 ** 20;

/** So many pieces of it are copied together; fewer are written one by one. */
const FEW_PIECES = 4;

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
  bytes = 0;
  readonly #file: OpenFile;
  readonly #findPrevious: FindPrevious;
  #records = 0;
  #frames = 0;
  #format: ArchiveFormat = 'v2';
  #earliestMicros: number | null = null;
  #latestMicros: number | null = null;
  #part = new IndexedPart();
  #writer: string | undefined;
  #ordinal: number | undefined;
  /** Of all bytes; undefined as long as these are the part's, whose own hash is the same. */
  #hash: Hash | undefined;
  /** Of a last line it is not known whether it is whole. */
  #line: Buffer | undefined;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** The write under way: what comes next is read meanwhile. */
  #writing: Promise<void> = Promise.resolve();

  /** @param findPrevious asked for the place of blocks at the start that lost their index */
  constructor(file: OpenFile, findPrevious: FindPrevious = async () => undefined) {
    this.#file = file;
    this.#findPrevious = findPrevious;
  }

  /** The bytes of the piece are its own until the copy is finished. */
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
      this.#begin(new IndexedPart());
      if (this.bytes === 0) this.#format = 'v1';
      this.#hash ??= createHash('sha256');
    } else {
      if (header.kind === KIND_RECORDS) await this.#addBlock(header, bytes.length);
      this.#part.update(bytes);
    }
    await this.#write(bytes);
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
    await this.#flush();
    await this.#writing;
    await this.#file.sync();
    return {
      bytes: this.bytes,
      sha256: (this.#hash ?? this.#part.copyHash()).digest('hex'),
      records: this.#records,
      frames: this.#frames,
      format: this.#format,
      writer: this.#writer,
      ordinal: this.#ordinal,
      firstTimeMicros: this.#earliestMicros,
      lastTimeMicros: this.#latestMicros,
    };
  }

  async #addLine(): Promise<void> {
    if (this.#line === undefined) return;
    this.#format = 'jsonl';
    this.#hash ??= createHash('sha256');
    this.#records++;
    await this.#write(this.#line, LINE_FEED);
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
    const index = this.#part.encodeIndex(origin);
    if (index === null) return;
    this.#writer = this.#part.writer;
    this.#ordinal = origin.ordinal;
    this.#begin(this.#part.next(index, origin));
    await this.#write(index);
  }

  #begin(part: IndexedPart): void {
    if (this.bytes > 0) this.#hash ??= this.#part.copyHash();
    this.#part = part;
  }

  async #write(...parts: readonly Buffer[]): Promise<void> {
    for (const bytes of parts) {
      this.#hash?.update(bytes);
      this.bytes += bytes.length;
      this.#pendingBytes += bytes.length;
      this.#push(bytes);
    }
    if (this.#pendingBytes >= WRITE_BYTES) await this.#flush();
  }

  /** Frames mostly lie one behind the other in the memory that they were read into. */
  #push(bytes: Buffer): void {
    const last = this.#pending.at(-1);
    const joined = last === undefined ? null : joinAdjacent(last, bytes);
    if (joined === null) this.#pending.push(bytes);
    else this.#pending[this.#pending.length - 1] = joined;
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const pending = this.#pending;
    const pieces = pending.length > FEW_PIECES ? [Buffer.concat(pending)] : pending;
    this.#writing = this.#writeAll(pieces, this.bytes - this.#pendingBytes);
    // It is awaited before the next one: until then its failure is nobody's.
    this.#writing.catch(() => undefined);
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  async #writeAll(pieces: readonly Buffer[], position: number): Promise<void> {
    let at = position;
    for (const bytes of pieces) {
      await writeAll(this.#file, bytes, at);
      at += bytes.length;
    }
  }
}

/** Both as one, without copying them; null where they do not lie one behind the other. */
function joinAdjacent(first: Buffer, second: Buffer): Buffer | null {
  const { buffer, byteOffset, length } = first;
  if (second.buffer !== buffer || second.byteOffset !== byteOffset + length) return null;
  return Buffer.from(buffer, byteOffset, length + second.length);
}

function originOf({ bytes, offset }: ScannedFrame): PartOrigin {
  const index = decodeIndexBody(bytes.subarray(HEADER_BYTES), offset);
  const { ordinal, previousSha256, writerEnded } = index;
  return { ordinal, previousSha256, writerEnded };
}
