import type { FormatSettings } from '../../codec/create-record-encoder.js';
import type { FileLayer } from '../../files/file-layer.js';
import type { ArchiveTemplate } from '../../series/names/archive-template.js';
import type { Clock } from '../../streams/clock.js';
import type { OpenedArchive, SealedArchive } from '../handlers/archive-handler.js';
import type { RollPolicy } from '../policies/roll-policy.js';
import type { ArchiveDraft } from '../receipts/archive-draft.js';
import type { SyncMode } from '../sink/archive-sync.js';
import type { DiskRetry } from '../sink/disk-retry.js';

export interface RollerOptions {
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
  readonly listener: RollerListener;
}

export interface RollerListener {
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
