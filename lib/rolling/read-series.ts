import { ArchiveDecoder, type ArchiveDecoderOptions } from '../codec/archive-decoder.js';
import type { ArchiveRecord } from '../codec/archive-record.js';
import type { WriterList } from '../codec/known-writers.js';
import type { SkippedDamage } from '../codec/skipped-damage.js';
import { DamageError } from '../errors/damage-error.js';
import type { FileLayer } from '../storage/file-layer.js';
import type { SequenceGap } from './archive-report.js';
import { listArchives } from './list-archives.js';
import { type ArchiveSource, openArchive, readUncompressed } from './open-archive.js';
import { orderArchives } from './order-archives.js';
import { writersByIndex } from './writers-by-index.js';

export interface SeriesOptions
  extends Pick<ArchiveDecoderOptions, 'maxRecordBytes' | 'metadataKey'> {
  readonly files: FileLayer;
  readonly allowEmpty: boolean;
  readonly whenDamaged: 'error' | 'skip';
  readonly onDamage: (damage: SkippedDamage) => void;
  readonly onGap: (gap: SequenceGap) => void;
}

/**
 * The records of all archives that patterns match, in their order, each once, in arrays that are not empty;
 * one file open at a time.
 */
export async function* readSeries(
  patterns: readonly string[],
  options: SeriesOptions,
): AsyncGenerator<ArchiveRecord[]> {
  const { files } = options;
  /** By writer, the sequence from which on its records have not been read. */
  const next = new Map<string, number>();
  for (const archive of await orderArchives(await listArchives(patterns, options), files)) {
    for await (const records of readArchive(archive, options)) {
      const fresh = records.filter((record) => isNew(record, next, options.onGap));
      if (fresh.length > 0) yield fresh;
    }
  }
}

async function* readArchive(
  archive: string,
  options: SeriesOptions,
): AsyncGenerator<ArchiveRecord[]> {
  const source = await openArchive(archive, options.files);
  try {
    const decoder = await createDecoder(source, options);
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
  } finally {
    await source.file.close();
  }
}

async function createDecoder(
  source: ArchiveSource,
  options: SeriesOptions,
): Promise<ArchiveDecoder> {
  const { maxRecordBytes, metadataKey, onDamage, whenDamaged } = options;
  const writers: WriterList | undefined =
    whenDamaged === 'skip' ? await writersByIndex(source.file) : undefined;
  return new ArchiveDecoder({
    archive: source.path,
    maxRecordBytes,
    metadataKey,
    tornTail: source.isOpen ? 'end' : 'damage',
    whenDamaged,
    onDamage,
    writers,
  });
}

function* batchesOf(decoder: ArchiveDecoder): Generator<ArchiveRecord[]> {
  for (let records = decoder.next(); records !== null; records = decoder.next()) yield records;
}

/** A block can be in two archives, after a crash: its records are given once. */
function isNew(
  record: ArchiveRecord,
  next: Map<string, number>,
  onGap: SeriesOptions['onGap'],
): boolean {
  const { sequence, writer } = record;
  if (sequence === undefined || writer === undefined) return true;
  const expected = next.get(writer);
  if (expected !== undefined && sequence < expected) return false;
  next.set(writer, sequence + 1);
  // A series may begin anywhere: what is before its first archive was not asked for.
  if (expected !== undefined && sequence > expected) {
    onGap({ writer, from: expected, to: sequence });
  }
  return true;
}
