import { createHash, randomBytes } from 'node:crypto';

import type { ArchiveRecord } from '../../codec/records/archive-record.js';
import type { RecordSelection } from '../../codec/version-2/block-selection.js';
import type { SequenceConflict } from '../../errors/conflict-error.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';
import type { Overlap } from '../sequences/sequence-ledger.js';
import type { SpanOptions } from './find-spans.js';
import { RangeSelection } from './range-selection.js';
import { type ReadArchiveOptions, readArchive } from './read-archive.js';

/** In a larger overlap only the first records are compared: their checksums take about 50 MB. */
const MOST_COMPARED = 2 ** 20;

/** An archive that can be read again. */
export type OpenableArchive = Pick<FoundArchive, 'open' | 'path'>;

/**
 * Compares the records that two archives have with the same identities, by the checksums of payload,
 * metadata and time. Reads the blocks of both archives that may hold them.
 *
 * @param other the archive that was read first
 * @returns the range of those that differ; null if none does
 */
export async function findConflict(
  archive: OpenableArchive,
  other: OpenableArchive,
  { writer, ...overlap }: Overlap,
  options: Pick<ReadArchiveOptions, 'maxRecordBytes'>,
): Promise<SequenceConflict | null> {
  const range = { begin: overlap.begin, end: Math.min(overlap.end, overlap.begin + MOST_COMPARED) };
  const quiet: ReadArchiveOptions = {
    maxRecordBytes: options.maxRecordBytes,
    metadataKey: undefined,
    whenDamaged: 'skip',
    onDamage: () => undefined,
  };
  const selection = new RangeSelection(writer, range);
  const seek: SpanOptions = {
    isWanted: (run) => selection.mayHold(run),
    whenUntimed: 'read all',
  };
  const known = new Map<number, number>();
  for await (const [sequence, crc] of checksumsOf(other, selection, quiet, seek)) {
    if (!known.has(sequence)) known.set(sequence, crc);
  }
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for await (const [sequence, crc] of checksumsOf(archive, selection, quiet, seek)) {
    if ((known.get(sequence) ?? crc) === crc) continue;
    from = Math.min(from, sequence);
    to = Math.max(to, sequence + 1);
  }
  if (to === 0) return null;
  return { writer, from, to, archive: archive.path, other: other.path };
}

async function* checksumsOf(
  archive: OpenableArchive,
  selection: RecordSelection,
  options: ReadArchiveOptions,
  seek: SpanOptions,
): AsyncGenerator<readonly [sequence: number, crc: number]> {
  for await (const records of readArchive(archive, selection, options, seek)) {
    for (const record of records) {
      if (record.sequence !== undefined) yield [record.sequence, checksumOf(record)];
    }
  }
}

/** A key that no author of an archive knows: a record could be forged to have the checksum of another one. */
const SECRET = randomBytes(16);

/** As many bytes of a digest as a number holds. */
const CHECKSUM_BYTES = 6;

function checksumOf(record: ArchiveRecord): number {
  const hash = createHash('sha256').update(SECRET).update(`${record.timeMicros} `);
  for (const [key, value] of record.rawMetadata()) {
    for (const bytes of [...counted(key), ...counted(value)]) hash.update(bytes);
  }
  return hash.update(record.payload).digest().readUIntBE(0, CHECKSUM_BYTES);
}

/** Bytes after their length, so that two pairs are not taken for one. */
function counted(bytes: Uint8Array): Uint8Array[] {
  return [Buffer.from(`${bytes.length} `), bytes];
}
