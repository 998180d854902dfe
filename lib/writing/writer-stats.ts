import type { ShippingEvidence, ShippingState } from './handlers/archive-shipper.js';
import type { DiskStall } from './sink/disk-retry.js';

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
  /** Archives sealed. */
  readonly sealed: number;
  /** Bytes of the sealed archives. */
  readonly sealedBytes: number;
  /** Archives that are in the store. */
  readonly shipped: number;
  /**
   * Archives that are not in the store yet, including those that earlier writers of the directory
   * left.
   */
  readonly left: number;
  /** Why the oldest of these that has failed is not in the store yet; absent if none has failed. */
  readonly reason?: Error;
  /** Archives that were dropped: see `whenFull: 'drop-oldest'`. */
  readonly dropped: number;
  /** How many of the shipped archives each kind of evidence has confirmed. */
  readonly evidence: Readonly<Record<ShippingEvidence, number>>;
  /** The step that the disk has refused for longest; null while the disk refuses nothing. */
  readonly stalled: DiskStall | null;
}

const NO_EVIDENCE = { 'part-digests': 0, checksum: 0, etag: 0, 'read-back': 0 } as const;

/** The counts of shipping; all 0 without it. */
export function shippingStats(
  state: ShippingState | undefined,
): Pick<WriterStats, 'shipped' | 'left' | 'reason' | 'dropped' | 'evidence'> {
  const { dropped = 0, error, evidence = NO_EVIDENCE, left = [], shipped = 0 } = state ?? {};
  return { shipped, left: left.length, ...(error && { reason: error }), dropped, evidence };
}
