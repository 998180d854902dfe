import type { ArchiveFailure } from './handlers/archive-failure.js';
import type { OpenedArchive, SealedArchive } from './handlers/archive-handler.js';
import type { DroppedArchive, ShippedArchive } from './handlers/archive-shipper.js';
import type { RecoveredArchive } from './recovery/recover-archive.js';
import type { DiskStall, DiskStep } from './sink/disk-retry.js';

/** What a writer tells, beside what every Writable does. Listeners are not awaited. */
export interface ArchiveWriterEvents {
  /** A file was created, under its name with `.open`. */
  readonly open: [archive: OpenedArchive];
  /** An archive is complete and fsynced under its final name. Handlers run after this. */
  readonly sealed: [archive: SealedArchive];
  /** The store has confirmed an archive; then its local file was settled. */
  readonly shipped: [archive: ShippedArchive];
  /** An archive was deleted before it was shipped: see `whenFull: 'drop-oldest'`. */
  readonly dropped: [archive: DroppedArchive];
  /**
   * An archive that an earlier writer had left open is sealed now, in place of `sealed`: that tells of this
   * writer's own. Handlers run after this as after that, and then it is shipped.
   */
  readonly recovered: [archive: RecoveredArchive];
  /** A handler, a recovery, or an attempt to ship failed. The archive is safe on disk, and shipping goes on. */
  readonly failed: [failure: ArchiveFailure];
  /**
   * The disk refuses something (no room, a failed sync, a directory that is gone …). It is tried again until
   * it works; meanwhile records are held back once the memory for them is full. Told once for each step.
   */
  readonly stalled: [stall: DiskStall];
  /** What had stalled has succeeded; nothing was lost. */
  readonly resumed: [step: DiskStep];
  /** After `end`: all records are sealed on disk. What is left to do is to ship them. */
  readonly drained: [];
}
