import type { GivenSequences } from './given-sequences.js';
import {
  NOTHING_SHIPPED,
  type ShippingEvidence,
  type ShippingState,
  type UploadCounts,
} from './handlers/archive-shipper.js';
import type { RecordQueue } from './record-queue.js';
import type { Roller } from './rolling/roller.js';
import type { DiskFigures, DurationCounts } from './sink/disk-figures.js';
import type { DiskRetry, DiskStall } from './sink/disk-retry.js';

/** Counts of a writer's work so far. */
export interface WriterStats {
  /** Records accepted. */
  readonly records: number;
  /** Inputs skipped, with `invalid: 'skip'`, because they were not records. */
  readonly skipped: number;
  /**
   * Records that were not written, because the series already holds their sequences: see
   * `sequences: 'given'`.
   */
  readonly alreadyArchived: number;
  /** Records that wait in Node's queue. */
  readonly pendingRecords: number;
  /** Blocks that these records have filled; 0 for version 1 and JSON lines, which have none. */
  readonly blocks: number;
  /** Bytes written to the files of archives, without the indexes that end them. */
  readonly writtenBytes: number;
  /** Archives that were completed to continue in a new one; the last one that `end` seals is none. */
  readonly rolls: number;
  /** Archives sealed. */
  readonly sealed: number;
  /** Bytes of the sealed archives. */
  readonly sealedBytes: number;
  /** Calls of fsync on the files of archives, also those that failed, and how long they took. */
  readonly syncs: DurationCounts;
  /** Archives that are in the store. */
  readonly shipped: number;
  /** Bytes of the objects of these archives. */
  readonly storedBytes: number;
  /**
   * Archives that are not in the store yet, including those that earlier writers of the directory
   * left.
   */
  readonly left: number;
  /** How long the oldest of these has been sealed, in ms; null if none is left. */
  readonly oldestLeftMs: number | null;
  /**
   * Bytes of the archives that are not in the store yet: the open one with what is in memory, those
   * that are being sealed, and `left`. `ship.maxSpoolBytes` limits them.
   */
  readonly spoolBytes: number;
  /** Why the oldest of these that has failed is not in the store yet; absent if none has failed. */
  readonly reason?: Error;
  /** Archives that were dropped: see `whenFull: 'drop-oldest'`. */
  readonly dropped: number;
  /** How many of the shipped archives each kind of evidence has confirmed. */
  readonly evidence: Readonly<Record<ShippingEvidence, number>>;
  /** Attempts to ship an archive, by their outcome. */
  readonly uploads: UploadCounts;
  /** Attempts that followed a failed one: steps on the disk, and shipments to the store. */
  readonly retries: { readonly disk: number; readonly store: number };
  /** How often the disk has begun to refuse a step. */
  readonly stalls: number;
  /** The step that the disk has refused for longest; null while the disk refuses nothing. */
  readonly stalled: DiskStall | null;
}

/** Where the counts of a writer come from. */
export interface StatsSources {
  readonly roller: Pick<Roller, 'records' | 'blocks' | 'rolls'>;
  readonly queue: Pick<RecordQueue, 'skipped'>;
  /** Undefined if the writer numbers its records. */
  readonly sequences: Pick<GivenSequences, 'alreadyArchived'> | undefined;
  readonly pendingRecords: number;
  readonly figures: DiskFigures;
  /** Bytes of the archives that are not given to the shipper yet. */
  readonly openBytes: number;
  /** Undefined without a shipper. */
  readonly shipping: ShippingState | undefined;
  readonly retry: Pick<DiskRetry, 'retries' | 'stalls' | 'stall'>;
}

export function collectStats(sources: StatsSources): WriterStats {
  const { figures, openBytes, pendingRecords, queue, retry, roller, sequences } = sources;
  const shipping = sources.shipping ?? NOTHING_SHIPPED;
  const { error } = shipping;
  return {
    records: roller.records,
    skipped: queue.skipped,
    alreadyArchived: sequences?.alreadyArchived ?? 0,
    pendingRecords,
    blocks: roller.blocks,
    writtenBytes: figures.writtenBytes,
    rolls: roller.rolls,
    sealed: figures.sealed,
    sealedBytes: figures.sealedBytes,
    syncs: figures.syncs,
    shipped: shipping.shipped,
    storedBytes: shipping.storedBytes,
    left: shipping.left.length,
    oldestLeftMs: shipping.oldestLeftMs,
    spoolBytes: openBytes + shipping.leftBytes,
    ...(error && { reason: error }),
    dropped: shipping.dropped,
    evidence: shipping.evidence,
    uploads: shipping.uploads,
    retries: { disk: retry.retries, store: shipping.retries },
    stalls: retry.stalls,
    stalled: retry.stall,
  };
}
