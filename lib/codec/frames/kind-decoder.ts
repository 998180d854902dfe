import type { ByteQueue } from '../bytes/byte-queue.js';
import type { ArchiveRecord } from '../records/archive-record.js';
import type { RecordSelection } from '../version-2/block-selection.js';
import type { DamageOptions } from './damage-options.js';
import type { InputEnd } from './input-end.js';
import type { WriterList } from './known-writers.js';

/** Decodes one kind of archive: frames or JSON lines. */
export interface KindDecoder {
  /**
   * Appends the records of the next frame or line to `into`.
   *
   * @returns false if it needs more bytes or, after `end`, if there are no more records
   * @throws DamageError unless damage is skipped
   */
  decodeNext(into: ArchiveRecord[]): boolean;

  /** Call this after the last bytes were added to the queue. */
  end(end: InputEnd): void;

  /** Whether `decodeNext` waits for `giveWriters`. */
  readonly needsWriters: boolean;

  /** Gives the writers that were `on demand`. */
  giveWriters(writers: WriterList): void;
}

/** The checked options of a decoder, and the queue that it reads from. */
export interface DecoderContext extends ArchiveDecoderOptions {
  readonly queue: ByteQueue;
  readonly maxRecordBytes: number;
  readonly selection: RecordSelection | undefined;
}

/** How to decode an archive. */
export interface ArchiveDecoderOptions extends DamageOptions {
  /** For JSON lines written with a `metadataKey`: the key of each line that holds the metadata. */
  readonly metadataKey?: string | undefined;
}
