import { ArchiveDecoder } from '../../codec/archive-decoder.js';
import { ByteQueue } from '../../codec/bytes/byte-queue.js';
import type { DamageOptions } from '../../codec/frames/damage-options.js';
import { openFrame } from '../../codec/frames/frame-decoder.js';
import { FrameScanner, type ScannedFrame } from '../../codec/frames/frame-scanner.js';
import type { SkippedDamage } from '../../codec/frames/skipped-damage.js';
import { beginsAsJson } from '../../codec/json-lines/begins-as-json.js';
import type { ArchiveRecord } from '../../codec/records/archive-record.js';
import { DamageError } from '../../errors/damage-error.js';
import type { ArchiveSource } from './archive-source.js';
import { readUncompressed } from './read-uncompressed.js';
import { writersByIndex } from './writers-by-index.js';

export interface WalkOptions {
  readonly maxRecordBytes: number;
  /** Called for each damaged stretch, in order, when the next one or the end is reached. */
  readonly onDamage: (damage: SkippedDamage) => void;
  /** Called with all uncompressed bytes in order, before the pieces in them are returned. */
  readonly onBytes?: (chunk: Buffer) => void;
  /** Called with an offset before which no later piece begins. */
  readonly onProgress?: (offset: number) => void;
  /** Called with each chunk that no later piece is a view of, so that its memory can be reused. */
  readonly onPassed?: (chunk: Buffer) => void;
}

/** A frame whose every record is valid, or a line. */
export type ArchivePiece =
  | { readonly kind: 'frame'; readonly frame: ScannedFrame; readonly records: number }
  | { readonly kind: 'line'; readonly line: Buffer };

/** Cuts one kind of archive into pieces. */
interface PieceReader {
  /** No later piece begins before this offset. */
  readonly offset: number;
  push(chunk: Buffer): void;
  end(): void;
  next(): ArchivePiece[] | null;
  /** Chunks that no later piece is a view of, each returned once. May leave some out. */
  takePassed(): Buffer[];
}

/**
 * Yields all valid pieces of an archive in order, whatever its version, and leaves out damage. The
 * bytes of a piece are views of chunks: if `onPassed` lets chunks be reused, they are valid only
 * until the next piece.
 *
 * @throws the errors of the source; never `DamageError`
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
  tail.report(bytes);
}

/** Reads the next chunk while the caller processes the current one. */
async function* readAhead(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let next = chunks.next();
  try {
    for (let result = await next; !result.done; result = await next) {
      next = chunks.next();
      // The next iteration awaits it; until then a failure must not count as unhandled.
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
    const frameOptions = { archive: options.archive, maxRecordBytes };
    this.#scanner = new FrameScanner({
      ...options,
      queue: this.#queue,
      inspect: (frame) => openFrame(frame, frameOptions, this.#records),
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
    return frame === null ? null : [{ kind: 'frame', frame, records: this.#records.length }];
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
    return this.#decoder.next()?.map(({ payload }) => ({ kind: 'line', line: payload })) ?? null;
  }

  takePassed(): Buffer[] {
    // The decoder does not show which chunks it still holds for an unfinished line.
    return [];
  }
}

/**
 * Holds back the last damaged stretch: if the gzip around it breaks off right after it, the two are
 * one stretch.
 */
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

  /** @param bytes how many bytes the archive had */
  report(bytes: number): void {
    if (this.failure !== undefined) {
      const { archive, reason } = this.failure;
      const begin = this.#last?.end === bytes ? this.#last.begin : bytes;
      if (begin < bytes) this.#last = undefined;
      this.add({ archive, begin, end: bytes, reason, recordsLost: undefined });
    }
    if (this.#last !== undefined) this.#onDamage(this.#last);
  }
}
