import type { RecordError } from '../errors/record-error.js';
import type { NoArguments } from '../streams/typed-events.js';
import type { ArchiveFailure } from './handlers/archive-failure.js';
import type { OpenedArchive, SealedArchive } from './handlers/archive-handler.js';
import type { DroppedArchive, ShippedArchive } from './handlers/archive-shipper.js';
import type { RecoveredArchive } from './recovery/recover-archive.js';
import type { LostRecords } from './sink/archive-sink.js';
import type { DiskStall, DiskStep } from './sink/disk-retry.js';

/** The events of a writer, besides those of every Writable. Listeners are not awaited. */
export interface ArchiveWriterEvents {
  /** An archive's file was created, under its name with `.open`. */
  readonly open: [archive: OpenedArchive];
  /** An archive is complete and fsynced under its final name. Its handlers run after this event. */
  readonly sealed: [archive: SealedArchive];
  /** The store has confirmed an archive, and its local file was settled. */
  readonly shipped: [archive: ShippedArchive];
  /** An archive was deleted before it was shipped: see `whenFull: 'drop-oldest'`. */
  readonly dropped: [archive: DroppedArchive];
  /** A local archive was deleted: see the option `retain`. */
  readonly expired: [archive: ExpiredArchive];
  /**
   * An archive that an earlier writer had left open is sealed now. Its handlers run after this
   * event, and then it is shipped. `sealed` reports only this writer's own archives.
   */
  readonly recovered: [archive: RecoveredArchive];
  /**
   * A handler, a recovery or an attempt to ship failed. The archive is safe on disk, and shipping
   * continues. Without a listener the first failure that an operator must act on is a warning of the
   * process, with the code `SHOEBOX_FAILED`.
   */
  readonly failed: [failure: ArchiveFailure];
  /**
   * The disk refuses a step (it is full, a sync failed, the directory is gone …). The writer tries
   * again until the step succeeds, and holds records back once the memory for them is full. Emitted
   * once for each step. Without a listener the first one is a warning of the process, with the code
   * `SHOEBOX_STALLED`.
   */
  readonly stalled: [stall: DiskStall];
  /** A step that had stalled has succeeded. Nothing was lost, unless `lost` reports it. */
  readonly resumed: [step: DiskStep];
  /**
   * Another program has truncated, overwritten or replaced the open archive, or the disk can no
   * longer read it: records that were on disk may be gone. Their receipts reject. The writer
   * continues in a new archive with all other records, and recovers what is left of the old one.
   * Without a listener the writer warns the process, with the code `SHOEBOX_LOST`.
   */
  readonly lost: [lost: LostRecords];
  /** After `end`: all records are sealed on disk, and only shipping is left to do. */
  readonly drained: NoArguments;
  /** With `invalid: 'skip'`: an input was skipped because it is no record. */
  readonly invalid: [skipped: InvalidRecord];
}

/** An archive that was deleted because it was old, or for its bytes. */
export interface ExpiredArchive {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  /** When it was sealed, in ms since the epoch. */
  readonly sealedAt: number;
}

/** An input that a writer skipped. */
export interface InvalidRecord {
  /** The fault of the input. */
  readonly reason: RecordError;
  /** The input as it was given. */
  readonly record: unknown;
}
