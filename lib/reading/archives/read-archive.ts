import { ArchiveDecoder } from '../../codec/archive-decoder.js';
import { WHOLE_INPUT } from '../../codec/frames/input-end.js';
import type { ArchiveDecoderOptions } from '../../codec/frames/kind-decoder.js';
import type { SkippedDamage } from '../../codec/frames/skipped-damage.js';
import type { ArchiveRecord } from '../../codec/records/archive-record.js';
import type { RecordSelection } from '../../codec/version-2/block-selection.js';
import { DamageError } from '../../errors/damage-error.js';
import type { ArchiveSource } from '../../series/opening/archive-source.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';
import { type InputBreak, readPastDamage } from '../../series/opening/read-past-damage.js';
import { readUncompressed } from '../../series/opening/read-uncompressed.js';
import { writersByIndex } from '../../series/opening/writers-by-index.js';
import { findFirstBlock } from './find-first-block.js';
import { type FoundSpans, findSpans, type SkippedRun, type SpanOptions } from './find-spans.js';

export interface ReadArchiveOptions {
  readonly maxRecordBytes: number;
  readonly metadataKey: string | undefined;
  readonly whenDamaged: 'error' | 'skip';
  readonly onDamage: (damage: SkippedDamage) => void;
  /** Whether the file or object at this path is read, now that it is open. @default always */
  readonly begin?: (path: string) => 'read' | 'skip';
  /** Called for each run that is not read because its records cannot match, in order. */
  readonly onSkippedRun?: (run: SkippedRun) => void;
}

/** How far an archive was read. `readArchive` keeps it up to date. */
export interface ArchiveProgress {
  /** The path of the file or object. */
  path: string;
  /** The first bytes, uncompressed: at most `HEAD_BYTES`. Empty until the archive is read whole. */
  head: Buffer;
  /** The uncompressed offset after the last whole frame or line. */
  offset: number;
}

/** How many of its first bytes an archive without sequences is recognised by. */
const HEAD_BYTES = 512;

/**
 * Opens an archive and yields its records in order: of version 2 only selected ones, of other
 * versions all.
 *
 * @param seek if given, reads only the blocks that the archive's index lists as possibly wanted, or,
 *   in a file without an index, those from the first one that may be wanted
 */
export async function* readArchive(
  archive: Pick<FoundArchive, 'open'>,
  selection: RecordSelection,
  options: ReadArchiveOptions,
  seek?: SpanOptions,
  progress: ArchiveProgress = createProgress(),
): AsyncGenerator<ArchiveRecord[]> {
  const source = await archive.open(seek === undefined ? 'start' : 'end');
  progress.path = source.path;
  try {
    if (options.begin?.(source.path) === 'skip') return;
    const found = seek === undefined ? null : await findSpans(source, seek);
    if (found === null) {
      const start = seek === undefined ? 0 : await findStart(source, seek);
      yield* readFrom(source, start, selection, options, progress);
    } else if ((yield* readSpans(source, found, selection, options)) === 'damaged') {
      yield* readFrom(source, 0, selection, options, progress);
    }
  } finally {
    await source.close();
  }
}

/**
 * Reads spans of an archive.
 *
 * @returns `damaged` if a span is not what the index says. The caller must then read the whole
 *   archive, which reports the damage, and drops the records that were already yielded here.
 */
async function* readSpans(
  source: ArchiveSource,
  { skipped, spans }: FoundSpans,
  selection: RecordSelection,
  { maxRecordBytes, onSkippedRun }: ReadArchiveOptions,
): AsyncGenerator<ArchiveRecord[], 'good' | 'damaged'> {
  const decoderOptions = { archive: source.path, maxRecordBytes };
  let next = 0;
  const skipTo = (rawOffset: number) => {
    for (let run = skipped[next]; run && run.rawOffset < rawOffset; run = skipped[++next]) {
      onSkippedRun?.(run);
    }
  };
  try {
    for (const { rawOffset, start, end } of spans) {
      skipTo(rawOffset);
      const decoder = new ArchiveDecoder(decoderOptions, { selection, offset: rawOffset });
      for await (const chunk of readUncompressed(source, { start, end })) {
        decoder.push(chunk);
        yield* batchesOf(decoder);
      }
      decoder.end();
      yield* batchesOf(decoder);
    }
    skipTo(Number.POSITIVE_INFINITY);
    return 'good';
  } catch (error) {
    if (error instanceof DamageError) return 'damaged';
    throw error;
  }
}

/** The progress of an archive of which nothing was read yet. */
export function createProgress(): ArchiveProgress {
  return { path: '', head: Buffer.alloc(0), offset: 0 };
}

/** Where to begin if there is no index. */
async function findStart(source: ArchiveSource, seek: SpanOptions): Promise<number> {
  // In a store, each header would cost a request.
  return source.fileNumber === undefined ? 0 : await findFirstBlock(source, seek.isWanted);
}

/** @param start the offset of a frame; 0 if the source is compressed */
async function* readFrom(
  source: ArchiveSource,
  start: number,
  selection: RecordSelection,
  { maxRecordBytes, metadataKey, onDamage, whenDamaged }: ReadArchiveOptions,
  progress: ArchiveProgress,
): AsyncGenerator<ArchiveRecord[]> {
  const archive = source.path;
  const decoderOptions: ArchiveDecoderOptions = {
    ...{ archive, maxRecordBytes, metadataKey, whenDamaged, onDamage },
    tornTail: source.isOpen ? 'end' : 'damage',
    writers: 'on demand',
  };
  const decoder = new ArchiveDecoder(decoderOptions, { selection, offset: start });
  const input = readPastDamage(source, whenDamaged, start);
  let damage: DamageError | undefined;
  for await (const piece of withHead(input, start === 0 ? HEAD_BYTES : 0)) {
    if (Buffer.isBuffer(piece)) {
      if (start === 0 && progress.head.length === 0) {
        progress.head = Buffer.from(piece.subarray(0, HEAD_BYTES));
      }
      decoder.push(piece);
    } else {
      damage = piece.error;
      if (whenDamaged === 'error' && !piece.isWhole) throw damage;
      decoder.end(whenDamaged === 'error' ? WHOLE_INPUT : piece);
    }
    for await (const records of searchedBatchesOf(decoder, source)) {
      progress.offset = decoder.offset;
      yield records;
    }
    progress.offset = decoder.offset;
  }
  if (whenDamaged === 'error' && damage !== undefined) throw damage;
}

/** Joins chunks until the first one has `bytes`, or all that there are before a break. */
async function* withHead(
  pieces: AsyncIterable<Buffer | InputBreak>,
  bytes: number,
): AsyncGenerator<Buffer | InputBreak> {
  let head: Buffer = Buffer.alloc(0);
  let isGiven = bytes === 0;
  for await (const piece of pieces) {
    if (!isGiven) {
      if (Buffer.isBuffer(piece)) head = head.length === 0 ? piece : Buffer.concat([head, piece]);
      if (Buffer.isBuffer(piece) && head.length < bytes) continue;
      isGiven = true;
      if (head.length > 0) yield head;
      if (Buffer.isBuffer(piece)) continue;
    }
    yield piece;
  }
}

/** As `batchesOf`, where damage may have to be searched for the next frame. */
async function* searchedBatchesOf(
  decoder: ArchiveDecoder,
  source: ArchiveSource,
): AsyncGenerator<ArchiveRecord[]> {
  yield* batchesOf(decoder);
  if (!decoder.needsWriters) return;
  decoder.giveWriters(await writersByIndex(source));
  yield* batchesOf(decoder);
}

function* batchesOf(decoder: ArchiveDecoder): Generator<ArchiveRecord[]> {
  for (let records = decoder.next(); records !== null; records = decoder.next()) yield records;
}
