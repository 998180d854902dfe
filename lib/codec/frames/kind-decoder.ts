import type { ByteQueue } from '../bytes/byte-queue.js';
import type { ArchiveRecord } from '../records/archive-record.js';
import type { RecordSelection } from '../version-2/record-selection.js';
import type { DamageOptions } from './damage-options.js';

/** Decodes one kind of archive. */
export interface KindDecoder {
  /**
   * Appends the records of the next frame or line to `into`.
   *
   * @returns false when it needs more bytes than there are, or, after `end`, when there are no more
   * @throws DamageError, unless damage is skipped
   */
  decodeNext(into: ArchiveRecord[]): boolean;

  /** No more bytes come. */
  end(): void;
}

/** What a decoder of one kind of archive needs of its surroundings: the options, checked. */
export interface DecoderContext extends ArchiveDecoderOptions {
  readonly queue: ByteQueue;
  readonly maxRecordBytes: number;
  readonly selection: RecordSelection | undefined;
}

/** What a decoder is told of its archive. */
export interface ArchiveDecoderOptions extends DamageOptions {
  /** The key of each line that holds the metadata, for JSON lines written with it. */
  readonly metadataKey?: string | undefined;
}
