import { addAbortSignal, Readable } from 'node:stream';

import { ArchiveDecoder, type ArchiveDecoderOptions } from '../codec/archive-decoder.js';
import type { ArchiveRecord } from '../codec/archive-record.js';
import { parseMaxRecordBytes } from '../codec/record-encoder.js';
import { type FileLayer, nodeFileLayer } from '../storage/file-layer.js';
import { waitUntilTaken } from '../streams/downstream.js';
import { type ArchivePatterns, checkPatterns, listArchives } from './list-archives.js';
import { openArchive, readUncompressed } from './open-archive.js';
import { orderArchives } from './order-archives.js';

/** How a series is read. */
export interface RollingReadOptions
  extends Pick<ArchiveDecoderOptions, 'maxRecordBytes' | 'metadataKey'> {
  /** Whether a pattern that matches nothing gives no records, not an error. @default false */
  readonly allowEmpty?: boolean | undefined;
  /** Destroys the stream when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** @default nodeFileLayer */
  readonly files?: FileLayer | undefined;
}

/** Records decoded ahead of the reader; they are views, so that a record costs little. */
const RECORDS_AHEAD = 128;

/**
 * A Readable of the records (`ArchiveRecord`) of all archives that patterns match, one archive after the
 * other, whatever their state and version; at most one file is open at a time. Nothing is listed or
 * opened before the first read.
 *
 * Within a writer records come by sequence, each once; writers are merged by the earliest time of their
 * next archive. Version 1 and JSON lines, which have no sequence, come first, in the natural order of
 * their names; of those with one name and the same bytes in several directories, one is read.
 *
 * Damage is a `DamageError`, raised after every record before it was taken, however slow the reader. A
 * torn tail of an archive that is still open is its end.
 */
export class RollingReadStream extends Readable {
  readonly #batches: AsyncGenerator<ArchiveRecord[]>;
  #batch: readonly ArchiveRecord[] = [];
  /** Of the batch, what was pushed. */
  #pushed = 0;
  #isFilling = false;

  /** @throws TypeError or RangeError for a pattern or an option that makes no sense */
  constructor(patterns: ArchivePatterns, options: RollingReadOptions = {}) {
    super({ objectMode: true, highWaterMark: RECORDS_AHEAD });
    parseMaxRecordBytes(options.maxRecordBytes);
    this.#batches = readSeries(checkPatterns(patterns), options);
    // Not by Readable's own option: a signal that has aborted would call `_destroy` before there is
    // anything to destroy.
    if (options.signal !== undefined) addAbortSignal(options.signal, this);
  }

  override _read(): void {
    if (this.#isFilling) return;
    this.#isFilling = true;
    this.#fill().catch(async (error) => {
      await waitUntilTaken(this);
      this.destroy(error);
    });
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // Closes the file, once a read that is under way has come back.
    this.#batches.return(undefined).then(
      () => callback(error),
      (failure) => callback(error ?? failure),
    );
  }

  async #fill(): Promise<void> {
    while (!this.destroyed) {
      while (this.#pushed < this.#batch.length) {
        if (this.push(this.#batch[this.#pushed++])) continue;
        this.#isFilling = false;
        return;
      }
      const next = await this.#batches.next();
      if (next.done) {
        this.push(null);
        return;
      }
      this.#batch = next.value;
      this.#pushed = 0;
    }
  }
}

/** A Readable of the records of all archives that `patterns` match; see `RollingReadStream`. */
export function createArchiveReader(
  patterns: ArchivePatterns,
  options?: RollingReadOptions,
): RollingReadStream {
  return new RollingReadStream(patterns, options);
}

async function* readSeries(
  patterns: readonly string[],
  options: RollingReadOptions,
): AsyncGenerator<ArchiveRecord[]> {
  const { allowEmpty = false, files = nodeFileLayer } = options;
  const archives = await listArchives(patterns, { files, allowEmpty });
  /** By writer, the sequence from which on its records have not been read. */
  const next = new Map<string, number>();
  for (const archive of await orderArchives(archives, files)) {
    for await (const records of readArchive(archive, files, options)) {
      yield records.filter((record) => isNew(record, next));
    }
  }
}

async function* readArchive(
  archive: string,
  files: FileLayer,
  options: RollingReadOptions,
): AsyncGenerator<ArchiveRecord[]> {
  const source = await openArchive(archive, files);
  try {
    const decoder = new ArchiveDecoder({
      archive: source.path,
      maxRecordBytes: options.maxRecordBytes,
      metadataKey: options.metadataKey,
      tornTail: source.isOpen ? 'end' : 'damage',
    });
    for await (const chunk of readUncompressed(source)) {
      decoder.push(chunk);
      yield* batchesOf(decoder);
    }
    decoder.end();
    yield* batchesOf(decoder);
  } finally {
    await source.file.close();
  }
}

function* batchesOf(decoder: ArchiveDecoder): Generator<ArchiveRecord[]> {
  for (let records = decoder.next(); records !== null; records = decoder.next()) yield records;
}

/** A block can be in two archives, after a crash: its records are given once. */
function isNew(record: ArchiveRecord, next: Map<string, number>): boolean {
  const { sequence, writer } = record;
  if (sequence === undefined || writer === undefined) return true;
  if (sequence < (next.get(writer) ?? 0)) return false;
  next.set(writer, sequence + 1);
  return true;
}
