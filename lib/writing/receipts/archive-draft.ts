import { MetadataIndexBuilder } from '../../codec/metadata-index/metadata-index-builder.js';
import type { RecordEncoder } from '../../codec/records/record-encoder.js';
import type { BlockFacts } from '../../codec/version-2/block-builder.js';
import { IndexBuilder } from '../../codec/version-2/index-builder.js';
import type { ArchiveFacts } from '../policies/roll-policy.js';
import { ArchiveProgress } from './archive-progress.js';

/** The archive that is being filled. Its counts include bytes that are not on disk yet. */
export class ArchiveDraft implements ArchiveFacts {
  /** The archive's number within its writer, from 0. */
  readonly ordinal: number;
  readonly index = new IndexBuilder();
  /** Undefined if no keys are indexed. */
  readonly metadataIndex: MetadataIndexBuilder | undefined;
  readonly progress = new ArchiveProgress();
  /**
   * The name that the template gives, without `.open`. Where it is taken, the file has another one.
   */
  name = '';
  openedAt = 0;
  lastWriteAt = 0;
  records = 0;
  /** Bytes that have left the encoder, on their way to the disk. */
  encodedBytes = 0;
  /**
   * How many of the first records a caller wants synced; remembered until there is a file to sync.
   */
  recordsToSync = 0;
  #earliestMicros = 0;
  #latestMicros = 0;
  readonly #encoder: RecordEncoder;

  /** @param indexedKeys the keys of the metadata index */
  constructor(ordinal: number, encoder: RecordEncoder, indexedKeys: readonly Buffer[] = []) {
    this.ordinal = ordinal;
    this.#encoder = encoder;
    if (indexedKeys.length > 0) this.metadataIndex = new MetadataIndexBuilder(indexedKeys);
  }

  get bytes(): number {
    return this.encodedBytes + this.#encoder.pendingBytes;
  }

  get firstTime(): number | null {
    return this.records === 0 ? null : this.#earliestMicros / 1000;
  }

  get lastTime(): number | null {
    return this.records === 0 ? null : this.#latestMicros / 1000;
  }

  get earliestMicros(): number | null {
    return this.records === 0 ? null : this.#earliestMicros;
  }

  get latestMicros(): number | null {
    return this.records === 0 ? null : this.#latestMicros;
  }

  /** Adds a block of version 2 to its indexes. */
  addBlock(block: BlockFacts, body: Buffer): void {
    this.index.add(block);
    this.metadataIndex?.add(block, body);
  }

  /** Counts a record that the encoder took. */
  count(timeMicros: number, now: number): void {
    if (this.records === 0 || timeMicros < this.#earliestMicros) this.#earliestMicros = timeMicros;
    if (this.records === 0 || timeMicros > this.#latestMicros) this.#latestMicros = timeMicros;
    this.records++;
    this.lastWriteAt = now;
  }
}
