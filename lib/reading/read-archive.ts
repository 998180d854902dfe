import { ArchiveDecoder } from '../codec/archive-decoder.js';
import type { ArchiveDecoderOptions } from '../codec/frames/kind-decoder.js';
import type { WriterList } from '../codec/frames/known-writers.js';
import type { SkippedDamage } from '../codec/frames/skipped-damage.js';
import type { ArchiveRecord } from '../codec/records/archive-record.js';
import type { RecordSelection } from '../codec/version-2/record-selection.js';
import { DamageError } from '../errors/damage-error.js';
import type { ArchiveSource } from '../series/opening/archive-source.js';
import type { FoundArchive } from '../series/opening/found-archive.js';
import { readUncompressed } from '../series/opening/read-uncompressed.js';
import { writersByIndex } from '../series/opening/writers-by-index.js';
import { type ArchiveSpan, findSpans, type SpanOptions } from './find-spans.js';

export interface ReadArchiveOptions
  extends Pick<ArchiveDecoderOptions, 'maxRecordBytes' | 'metadataKey'> {
  readonly whenDamaged: 'error' | 'skip';
  readonly onDamage: (damage: SkippedDamage) => void;
}

/**
 * The records of an archive, in their order: those of version 2 that are selected, and all others.
 *
 * @param seek where only some are wanted: what the archive's index is asked for
 */
export async function* readArchive(
  archive: FoundArchive,
  selection: RecordSelection,
  options: ReadArchiveOptions,
  seek?: SpanOptions,
): AsyncGenerator<ArchiveRecord[]> {
  const source = await archive.open();
  try {
    const spans = seek === undefined ? null : await findSpans(source, seek);
    if (spans === null || (yield* readSpans(source, spans, selection, options)) === 'damaged') {
      yield* readInTurn(source, selection, options);
    }
  } finally {
    await source.close();
  }
}

/**
 * Reads pieces of an archive. It is `damaged` where one of them is not what the index says: whoever reads
 * the archive in turn then tells what is wrong, and passes over what was given here.
 */
async function* readSpans(
  source: ArchiveSource,
  spans: readonly ArchiveSpan[],
  selection: RecordSelection,
  options: ReadArchiveOptions,
): AsyncGenerator<ArchiveRecord[], 'good' | 'damaged'> {
  const { maxRecordBytes } = options;
  try {
    for (const { rawOffset, ...range } of spans) {
      const place = { archive: source.path, maxRecordBytes };
      const decoder = new ArchiveDecoder(place, { selection, offset: rawOffset });
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

async function* readInTurn(
  source: ArchiveSource,
  selection: RecordSelection,
  options: ReadArchiveOptions,
): AsyncGenerator<ArchiveRecord[]> {
  const decoder = await createDecoder(source, selection, options);
  let bytes = 0;
  try {
    for await (const chunk of readUncompressed(source)) {
      bytes += chunk.length;
      decoder.push(chunk);
      yield* batchesOf(decoder);
    }
  } catch (error) {
    if (options.whenDamaged === 'error' || !(error instanceof DamageError)) throw error;
    // Of gzip: what is behind it cannot be inflated, but all before it can be read.
    const place = { archive: source.path, begin: bytes, end: bytes };
    options.onDamage({ ...place, reason: error.reason, recordsLost: undefined });
  }
  decoder.end();
  yield* batchesOf(decoder);
}

async function createDecoder(
  source: ArchiveSource,
  selection: RecordSelection,
  options: ReadArchiveOptions,
): Promise<ArchiveDecoder> {
  const { maxRecordBytes, metadataKey, onDamage, whenDamaged } = options;
  const writers: WriterList | undefined =
    whenDamaged === 'skip' ? await writersByIndex(source) : undefined;
  const decoderOptions: ArchiveDecoderOptions = {
    archive: source.path,
    maxRecordBytes,
    metadataKey,
    tornTail: source.isOpen ? 'end' : 'damage',
    whenDamaged,
    onDamage,
    writers,
  };
  return new ArchiveDecoder(decoderOptions, { selection });
}

function* batchesOf(decoder: ArchiveDecoder): Generator<ArchiveRecord[]> {
  for (let records = decoder.next(); records !== null; records = decoder.next()) yield records;
}
