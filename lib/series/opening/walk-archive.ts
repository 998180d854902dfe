import { ArchiveDecoder } from '../../codec/archive-decoder.js';
import { ByteQueue } from '../../codec/bytes/byte-queue.js';
import type { DamageOptions } from '../../codec/frames/damage-options.js';
import { checkFrame } from '../../codec/frames/frame-decoder.js';
import { FrameScanner, type ScannedFrame } from '../../codec/frames/frame-scanner.js';
import type { InputEnd } from '../../codec/frames/input-end.js';
import type { WriterList } from '../../codec/frames/known-writers.js';
import type { SkippedDamage } from '../../codec/frames/skipped-damage.js';
import { beginsAsJson } from '../../codec/json-lines/begins-as-json.js';
import type { ArchiveSource } from './archive-source.js';
import { readPastDamage } from './read-past-damage.js';
import { writersByIndex } from './writers-by-index.js';

export interface WalkOptions {
  readonly maxRecordBytes: number;
  /** Called for each damaged stretch, in order, when the next one or the end is reached. */
  readonly onDamage: (damage: SkippedDamage) => void;
  /** Called with all uncompressed bytes in order, before the pieces in them are returned. */
  readonly onBytes?: (chunk: Buffer) => void;
  /** Called where bytes are missing, with the uncompressed offset where they continue. */
  readonly onLost?: (resumesAt: number) => void;
  /** Called with an offset before which no later piece begins. */
  readonly onProgress?: (offset: number) => void;
  /** Called with each chunk that no later piece is a view of, so that its memory can be reused. */
  readonly onPassed?: (chunk: Buffer) => void;
}

/** A frame whose every record is valid, or consecutive lines: some 128, however short they are. */
export type ArchivePiece =
  | { readonly kind: 'frame'; readonly frame: ScannedFrame; readonly records: number }
  | { readonly kind: 'lines'; readonly lines: readonly Buffer[] };

/** Cuts one kind of archive into pieces. */
interface PieceReader {
  /** No later piece begins before this offset. */
  readonly offset: number;
  push(chunk: Buffer): void;
  end(end: InputEnd): void;
  /** Null if it needs more bytes, or writers. */
  next(): ArchivePiece[] | null;
  /** Whether `next` waits for `giveWriters`. */
  readonly needsWriters: boolean;
  giveWriters(writers: WriterList): void;
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
  const damageOptions: DamageOptions = {
    archive: source.path,
    maxRecordBytes: options.maxRecordBytes,
    tornTail: source.isOpen ? 'end' : 'damage',
    whenDamaged: 'skip',
    onDamage: options.onDamage,
    writers: 'on demand',
  };
  let reader: PieceReader | undefined;
  /** Lost bytes at the beginning, before a byte has shown what kind of archive it is. */
  let lost: InputEnd | undefined;
  const readerFor = (firstByte?: number): PieceReader =>
    beginsAsJson(firstByte)
      ? new LineReader(damageOptions)
      : new FrameReader(damageOptions, options.maxRecordBytes);
  for await (const piece of readAhead(readPastDamage(source, 'skip'))) {
    const isBytes = Buffer.isBuffer(piece);
    if (isBytes) options.onBytes?.(piece);
    else if (piece.resumesAt !== undefined) options.onLost?.(piece.resumesAt);
    if (reader === undefined && !isBytes && piece.resumesAt !== undefined) {
      lost = { ...piece, damage: lost?.damage ?? piece.damage };
      continue;
    }
    reader ??= readerFor(isBytes ? piece[0] : undefined);
    if (lost !== undefined) {
      reader.end(lost);
      yield* piecesOf(reader, source);
      lost = undefined;
    }
    if (isBytes) reader.push(piece);
    else reader.end(piece);
    yield* piecesOf(reader, source);
    if (!isBytes && piece.resumesAt === undefined) return;
    options.onProgress?.(reader.offset);
    for (const passed of reader.takePassed()) options.onPassed?.(passed);
  }
}

/** Reads the next item while the caller processes the current one. */
async function* readAhead<Item>(chunks: AsyncGenerator<Item>): AsyncGenerator<Item> {
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

async function* piecesOf(reader: PieceReader, source: ArchiveSource): AsyncGenerator<ArchivePiece> {
  for (let pieces = reader.next(); pieces !== null; pieces = reader.next()) yield* pieces;
  if (!reader.needsWriters) return;
  reader.giveWriters(await writersByIndex(source));
  for (let pieces = reader.next(); pieces !== null; pieces = reader.next()) yield* pieces;
}

class FrameReader implements PieceReader {
  readonly #queue = new ByteQueue();
  readonly #scanner: FrameScanner;
  readonly #chunks: { readonly chunk: Buffer; readonly end: number }[] = [];
  #records = 0;

  constructor(options: DamageOptions, maxRecordBytes: number) {
    const frameOptions = { archive: options.archive, maxRecordBytes };
    this.#scanner = new FrameScanner({
      ...options,
      queue: this.#queue,
      inspect: (frame) => {
        this.#records = checkFrame(frame, frameOptions);
      },
    });
  }

  get offset(): number {
    return this.#queue.offset;
  }

  push(chunk: Buffer): void {
    this.#queue.push(chunk);
    this.#chunks.push({ chunk, end: this.#queue.offset + this.#queue.length });
  }

  end(end: InputEnd): void {
    this.#scanner.end(end);
  }

  get needsWriters(): boolean {
    return this.#scanner.needsWriters;
  }

  giveWriters(writers: WriterList): void {
    this.#scanner.giveWriters(writers);
  }

  next(): ArchivePiece[] | null {
    const frame = this.#scanner.next();
    return frame === null ? null : [{ kind: 'frame', frame, records: this.#records }];
  }

  takePassed(): Buffer[] {
    const { offset } = this.#queue;
    const later = this.#chunks.findIndex(({ end }) => end > offset);
    const count = later === -1 ? this.#chunks.length : later;
    return this.#chunks.splice(0, count).map(({ chunk }) => chunk);
  }
}

class LineReader implements PieceReader {
  readonly needsWriters = false;
  offset = 0;
  readonly #decoder: ArchiveDecoder;

  constructor(options: DamageOptions) {
    this.#decoder = new ArchiveDecoder(options);
  }

  push(chunk: Buffer): void {
    this.offset += chunk.length;
    this.#decoder.push(chunk);
  }

  end(end: InputEnd): void {
    this.#decoder.end(end);
    this.offset = end.resumesAt ?? this.offset;
  }

  giveWriters(): void {
    // Never needed.
  }

  next(): ArchivePiece[] | null {
    const records = this.#decoder.next();
    if (records === null) return null;
    return [{ kind: 'lines', lines: records.map(({ payload }) => payload) }];
  }

  takePassed(): Buffer[] {
    // The decoder does not show which chunks it still holds for an unfinished line.
    return [];
  }
}
