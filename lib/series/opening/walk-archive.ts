import { ArchiveDecoder } from '../../codec/archive-decoder.js';
import { beginsAsJson } from '../../codec/bytes/begins-as-json.js';
import { ByteQueue } from '../../codec/bytes/byte-queue.js';
import type { DamageOptions } from '../../codec/frames/damage-options.js';
import { openFrame } from '../../codec/frames/frame-decoder.js';
import { FrameScanner, type ScannedFrame } from '../../codec/frames/frame-scanner.js';
import type { SkippedDamage } from '../../codec/frames/skipped-damage.js';
import type { ArchiveRecord } from '../../codec/records/archive-record.js';
import { DamageError } from '../../errors/damage-error.js';
import type { ArchiveSource } from './archive-source.js';
import { readUncompressed } from './read-uncompressed.js';
import { writersByIndex } from './writers-by-index.js';

export interface WalkOptions {
  readonly maxRecordBytes: number;
  /** Told of each stretch that is left out, before what is behind it. */
  readonly onDamage: (damage: SkippedDamage) => void;
  /** Given all bytes, uncompressed and in order, before what is found in them. */
  readonly onBytes?: (chunk: Buffer) => void;
  /** Told how far everything is read: nothing that comes later begins before. */
  readonly onProgress?: (offset: number) => void;
  /** Given each chunk of which no piece that comes later is a view. */
  readonly onPassed?: (chunk: Buffer) => void;
}

/** A frame that is valid throughout, or a line. */
export type ArchivePiece =
  | { readonly frame: ScannedFrame; readonly records: number }
  | { readonly line: Buffer };

/** Reads one kind of archive piece by piece. */
interface PieceReader {
  /** Nothing that it gives later begins before. */
  readonly offset: number;
  push(chunk: Buffer): void;
  end(): void;
  next(): ArchivePiece[] | null;
  /** Chunks on which nothing that it gives later is a view, each once, as far as it knows. */
  takePassed(): Buffer[];
}

/**
 * All that is good in an archive, in order, whatever its version, damage left out. The bytes of a piece
 * are views on chunks, which are good until the next piece is asked for where `onPassed` has them used again.
 *
 * @throws what the file's system calls throw; never `DamageError`
 */
export async function* walkArchive(
  source: ArchiveSource,
  options: WalkOptions,
): AsyncGenerator<ArchivePiece> {
  const tail = new DamagedTail(options.onDamage);
  const damageOptions: DamageOptions = {
    archive: source.path,
    maxRecordBytes: options.maxRecordBytes,
    tornTail: source.isOpen ? 'end' : 'damage',
    whenDamaged: 'skip',
    onDamage: (damage) => tail.add(damage),
    writers: await writersByIndex(source),
  };
  let reader: PieceReader | undefined;
  let bytes = 0;
  try {
    for await (const chunk of readAhead(readUncompressed(source))) {
      options.onBytes?.(chunk);
      reader ??= beginsAsJson(chunk[0])
        ? new LineReader(damageOptions)
        : new FrameReader(damageOptions, options.maxRecordBytes);
      bytes += chunk.length;
      reader.push(chunk);
      yield* piecesOf(reader);
      options.onProgress?.(reader.offset);
      for (const passed of reader.takePassed()) options.onPassed?.(passed);
    }
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    tail.failure = error;
  }
  reader?.end();
  if (reader !== undefined) yield* piecesOf(reader);
  tail.tell(bytes);
}

/** Reads a chunk while its reader is at work on the one before. */
async function* readAhead(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let next = chunks.next();
  try {
    for (let result = await next; !result.done; result = await next) {
      next = chunks.next();
      // It is awaited in a moment.
      next.catch(() => undefined);
      yield result.value;
    }
  } finally {
    await chunks.return(undefined);
  }
}

function* piecesOf(reader: PieceReader): Generator<ArchivePiece> {
  for (let pieces = reader.next(); pieces !== null; pieces = reader.next()) yield* pieces;
}

class FrameReader implements PieceReader {
  readonly #queue = new ByteQueue();
  readonly #scanner: FrameScanner;
  readonly #chunks: { readonly chunk: Buffer; readonly end: number }[] = [];
  #records: ArchiveRecord[] = [];

  constructor(options: DamageOptions, maxRecordBytes: number) {
    const place = { archive: options.archive, maxRecordBytes };
    this.#scanner = new FrameScanner({
      ...options,
      queue: this.#queue,
      inspect: (frame) => openFrame(frame, place, this.#records),
    });
  }

  get offset(): number {
    return this.#queue.offset;
  }

  push(chunk: Buffer): void {
    this.#queue.push(chunk);
    this.#chunks.push({ chunk, end: this.#queue.offset + this.#queue.length });
  }

  end(): void {
    this.#scanner.end();
  }

  next(): ArchivePiece[] | null {
    this.#records = [];
    const frame = this.#scanner.next();
    return frame === null ? null : [{ frame, records: this.#records.length }];
  }

  takePassed(): Buffer[] {
    const { offset } = this.#queue;
    const later = this.#chunks.findIndex(({ end }) => end > offset);
    const count = later === -1 ? this.#chunks.length : later;
    return this.#chunks.splice(0, count).map(({ chunk }) => chunk);
  }
}

class LineReader implements PieceReader {
  offset = 0;
  readonly #decoder: ArchiveDecoder;

  constructor(options: DamageOptions) {
    this.#decoder = new ArchiveDecoder(options);
  }

  push(chunk: Buffer): void {
    this.offset += chunk.length;
    this.#decoder.push(chunk);
  }

  end(): void {
    this.#decoder.end();
  }

  next(): ArchivePiece[] | null {
    return this.#decoder.next()?.map(({ payload }) => ({ line: payload })) ?? null;
  }

  takePassed(): Buffer[] {
    // What the decoder holds of a line that is not whole is out of sight.
    return [];
  }
}

/** Holds the last damage back: where the gzip ends in damage, too, the two are one. */
class DamagedTail {
  failure: DamageError | undefined;
  readonly #onDamage: (damage: SkippedDamage) => void;
  #last: SkippedDamage | undefined;

  constructor(onDamage: (damage: SkippedDamage) => void) {
    this.#onDamage = onDamage;
  }

  add(damage: SkippedDamage): void {
    if (this.#last !== undefined) this.#onDamage(this.#last);
    this.#last = damage;
  }

  /** @param bytes how many there were */
  tell(bytes: number): void {
    if (this.failure !== undefined) {
      const { archive, reason } = this.failure;
      const begin = this.#last?.end === bytes ? this.#last.begin : bytes;
      if (begin < bytes) this.#last = undefined;
      this.add({ archive, begin, end: bytes, reason, recordsLost: undefined });
    }
    if (this.#last !== undefined) this.#onDamage(this.#last);
  }
}
