import type { FormatSettings } from '../codec/create-record-encoder.js';
import type { FileLayer } from '../storage/file-layer.js';
import type { Clock } from '../streams/clock.js';
import type { ArchiveDraft } from './archive-draft.js';
import type { OpenedArchive, SealedArchive } from './archive-handler.js';
import type { SyncMode } from './archive-sync.js';
import type { ArchiveTemplate } from './archive-template.js';
import type { DiskRetry } from './disk-retry.js';
import type { RollPolicy } from './roll-policy.js';

export interface SeriesWriterOptions {
  readonly directory: string;
  readonly template: ArchiveTemplate;
  readonly policy: RollPolicy;
  readonly settings: FormatSettings;
  readonly writerId: Uint8Array;
  readonly flushIntervalMs: number;
  readonly syncMode: SyncMode;
  readonly maxUnsyncedBytes: number;
  readonly retry: DiskRetry;
  readonly clock: Clock;
  readonly files: FileLayer;
  /** What has to be done before the first file may be created; records are taken before that. */
  readonly ready: Promise<void>;
  readonly listener: SeriesWriterListener;
}

export interface SeriesWriterListener {
  onOpened(archive: OpenedArchive): void;
  /** An archive gets its first record. */
  onBegin(draft: ArchiveDraft): void;
  onSealed(archive: SealedArchive, draft: ArchiveDraft): void;
  /** Others have taken all files of `draft`, and seal them. */
  onTaken(draft: ArchiveDraft): void;
  /** `isFull` may have changed. */
  onRoom(): void;
  /** Writing has ended for good. */
  onFailure(error: unknown): void;
}
