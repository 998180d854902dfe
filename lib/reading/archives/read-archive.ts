import { ArchiveDecoder } from '../../codec/archive-decoder.js';
import { WHOLE_INPUT } from '../../codec/frames/input-end.js';
import type { ArchiveDecoderOptions } from '../../codec/frames/kind-decoder.js';
import type { SkippedDamage } from '../../codec/frames/skipped-damage.js';
import type { ArchiveRecord } from '../../codec/records/archive-record.js';
import type { RecordSelection } from '../../codec/version-2/block-selection.js';
import { DamageError } from '../../errors/damage-error.js';
import type { ArchiveSource } from '../../series/opening/archive-source.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';
import { readUncompressed } from '../../series/opening/read-uncompressed.js';
import { UndamagedInput } from '../../series/opening/undamaged-input.js';
import { writersByIndex } from '../../series/opening/writers-by-index.js';
import { inputEndOf } from '../../streams/compression/input-end-of.js';
import { type ArchiveSpan, findSpans, type SpanOptions } from './find-spans.js';

export interface ReadArchiveOptions {
  readonly maxRecordBytes: number;
  readonly metadataKey: string | undefined;
  readonly whenDamaged: 'error' | 'skip';
  readonly onDamage: (damage: SkippedDamage) => void;
  /** Whether the file or object at this path is read, now that it is open. @default always */
  readonly begin?: (path: string) => 'read' | 'skip';
}

/**
 * Opens an archive and yields its records in order: of version 2 only selected ones, of other
 * versions all.
 *
 * @param seek if given, reads only the blocks that the archive's index lists as possibly wanted
 */
export async function* readArchive(
  archive: Pick<FoundArchive, 'open'>,
  selection: RecordSelection,
  options: ReadArchiveOptions,
  seek?: SpanOptions,
): AsyncGenerator<ArchiveRecord[]> {
  const source = await archive.open();
  try {
    if (options.begin?.(source.path) === 'skip') return;
    const spans = seek === undefined ? null : await findSpans(source, seek);
    if (spans === null || (yield* readSpans(source, spans, selection, options)) === 'damaged') {
      yield* readWhole(source, selection, options);
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
  spans: readonly ArchiveSpan[],
  selection: RecordSelection,
  { maxRecordBytes }: ReadArchiveOptions,
): AsyncGenerator<ArchiveRecord[], 'good' | 'damaged'> {
  const decoderOptions = { archive: source.path, maxRecordBytes };
  try {
    for (const { rawOffset, ...range } of spans) {
      const decoder = new ArchiveDecoder(decoderOptions, { selection, offset: rawOffset });
      for await (const chunk of readUncompressed(source, range)) {
        decoder.push(chunk);
        yield* batchesOf(decoder);
      }
      decoder.end();
      yield* batchesOf(decoder);
    }
    return 'good';
  } catch (error) {
    if (error instanceof DamageError) return 'damaged';
    throw error;
  }
}

async function* readWhole(
  source: ArchiveSource,
  selection: RecordSelection,
  { maxRecordBytes, metadataKey, onDamage, whenDamaged }: ReadArchiveOptions,
): AsyncGenerator<ArchiveRecord[]> {
  const archive = source.path;
  const decoderOptions: ArchiveDecoderOptions = {
    ...{ archive, maxRecordBytes, metadataKey, whenDamaged, onDamage },
    tornTail: source.isOpen ? 'end' : 'damage',
    writers: 'on demand',
  };
  const decoder = new ArchiveDecoder(decoderOptions, { selection });
  const input = new UndamagedInput(readUncompressed(source));
  for await (const chunk of input) {
    decoder.push(chunk);
    yield* searchedBatchesOf(decoder, source);
  }
  const { damage } = input;
  const end = damage === undefined ? WHOLE_INPUT : inputEndOf(damage);
  if (whenDamaged === 'error' && !end.isWhole) throw damage;
  decoder.end(whenDamaged === 'error' ? WHOLE_INPUT : end);
  yield* searchedBatchesOf(decoder, source);
  if (whenDamaged === 'error' && damage !== undefined) throw damage;
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
