import { ArchiveDecoder, type ArchiveDecoderOptions } from '../codec/archive-decoder.js';
import type { ArchiveRecord } from '../codec/archive-record.js';
import type { WriterList } from '../codec/known-writers.js';
import type { RecordSelection } from '../codec/record-selection.js';
import type { SkippedDamage } from '../codec/skipped-damage.js';
import { DamageError } from '../errors/damage-error.js';
import type { ArchiveSource } from './archive-source.js';
import type { FoundArchive } from './found-archive.js';
import { readUncompressed } from './read-uncompressed.js';
import { writersByIndex } from './writers-by-index.js';

export interface ReadArchiveOptions
  extends Pick<ArchiveDecoderOptions, 'maxRecordBytes' | 'metadataKey'> {
  readonly whenDamaged: 'error' | 'skip';
  readonly onDamage: (damage: SkippedDamage) => void;
}

/** The records of an archive, in their order: those of version 2 that are selected, and all others. */
export async function* readArchive(
  archive: FoundArchive,
  selection: RecordSelection,
  options: ReadArchiveOptions,
): AsyncGenerator<ArchiveRecord[]> {
  const source = await archive.open();
  try {
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
  } finally {
    await source.close();
  }
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
