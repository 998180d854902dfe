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
import { ArchiveProgress, HEAD_BYTES } from './archive-progress.js';
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
  /**
   * Whether the archive is read again when it has grown: a record of version 1, or a line, that is
   * torn is then the end of the file, and no damage. @default false
   */
  readonly mayGrow?: boolean;
}

/**
 * Opens an archive and yields its records in order: of version 2 only selected ones, of other
 * versions all. If it was read before and has grown, yields what is new.
 *
 * @param seek if given, reads only the blocks that the archive's index lists as possibly wanted, or,
 *   in a file without an index, those from the first one that may be wanted
 */
export async function* readArchive(
  archive: Pick<FoundArchive, 'open'>,
  selection: RecordSelection,
  options: ReadArchiveOptions,
  seek?: SpanOptions,
  progress: ArchiveProgress = new ArchiveProgress(),
): AsyncGenerator<ArchiveRecord[]> {
  const hasBegun = progress.offset > 0;
  const source = await archive.open(seek === undefined || hasBegun ? 'start' : 'end');
  try {
    if ((await progress.begin(source, options.mayGrow)) === 'replaced') return;
    if (options.begin?.(source.path) === 'skip') return;
    const found = hasBegun || seek === undefined ? null : await findSpans(source, seek);
    if (found === null) {
      if (!hasBegun && seek !== undefined) progress.offset = await findStart(source, seek);
      yield* readFrom(source, selection, options, progress);
    } else if ((yield* readSpans(source, found, selection, options)) === 'damaged') {
      yield* readFrom(source, selection, options, progress);
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

/** Where to begin if there is no index. */
async function findStart(source: ArchiveSource, seek: SpanOptions): Promise<number> {
  // In a store, each header would cost a request.
  return source.fileNumber === undefined ? 0 : await findFirstBlock(source, seek.isWanted);
}

/** Reads everything from the offset that `progress` has reached. */
async function* readFrom(
  source: ArchiveSource,
  selection: RecordSelection,
  { maxRecordBytes, metadataKey, onDamage, whenDamaged }: ReadArchiveOptions,
  progress: ArchiveProgress,
): AsyncGenerator<ArchiveRecord[]> {
  const archive = source.path;
  const decoderOptions: ArchiveDecoderOptions = {
    ...{ archive, maxRecordBytes, metadataKey, whenDamaged, onDamage },
    tornTail: progress.mayGrow ? 'end' : 'damage',
    writers: 'on demand',
  };
  const { firstByte, offset } = progress;
  const decoder = new ArchiveDecoder(decoderOptions, { firstByte, offset, selection });
  let isHead = offset === 0;
  const pieces = withHead(readPastDamage(source, whenDamaged, offset), isHead ? HEAD_BYTES : 0);
  let damage: DamageError | undefined;
  for await (const piece of pieces) {
    if (Buffer.isBuffer(piece)) {
      if (isHead) progress.noteHead(piece);
      isHead = false;
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
    // At the end the decoder passes over a torn tail, which may be written on.
    if (Buffer.isBuffer(piece)) progress.offset = decoder.offset;
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
