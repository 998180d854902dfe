import type { ShippingEvidence, ShippingState } from './handlers/archive-shipper.js';
import type { ReceiptLevel } from './receipts/receipt-level.js';
import type { DiskStall } from './sink/disk-retry.js';

/** What a writer has done so far. */
export interface WriterStats {
  /** Records accepted. */
  readonly records: number;
  /** What was left out, with `invalid: 'skip'`, since it was no record. */
  readonly skipped: number;
  /** Records that wait in Node's queue. */
  readonly pendingRecords: number;
  /** Archives sealed. */
  readonly sealed: number;
  /** The bytes of these. */
  readonly sealedBytes: number;
  /** Archives that are in the store. */
  readonly shipped: number;
  /** Archives that are to be shipped yet, with those that earlier writers of the directory left. */
  readonly left: number;
  /** Archives that were dropped: see `whenFull: 'drop-oldest'`. */
  readonly dropped: number;
  /** How many of those in the store were shown to be there by each kind of evidence. */
  readonly evidence: Readonly<Record<ShippingEvidence, number>>;
  /** What the disk refuses for the longest time; null while it does what it is told. */
  readonly stalled: DiskStall | null;
}

/** What others know of a writer. */
export interface WriterState
  extends Pick<WriterStats, 'records' | 'skipped' | 'pendingRecords' | 'stalled'> {
  readonly shipping: ShippingState | undefined;
}

const NO_EVIDENCE = { 'part-digests': 0, checksum: 0, etag: 0, 'read-back': 0 } as const;

/** Counts what nobody else does. */
export class WriterTally {
  #sealed = 0;
  #sealedBytes = 0;

  countSealed(bytes: number): void {
    this.#sealed++;
    this.#sealedBytes += bytes;
  }

  stats(now: WriterState): WriterStats {
    const { shipping, ...counts } = now;
    return {
      ...counts,
      sealed: this.#sealed,
      sealedBytes: this.#sealedBytes,
      shipped: shipping?.shipped ?? 0,
      left: shipping?.left.length ?? 0,
      dropped: shipping?.dropped ?? 0,
      evidence: shipping?.evidence ?? NO_EVIDENCE,
    };
  }
}

/** What `flush` waits for. */
export interface FlushOptions {
  /** `sealed` and `shipped` seal the open archive now. @default 'synced' */
  readonly until?: ReceiptLevel | undefined;
}

/** How long closing may take. */
export interface CloseOptions {
  /**
   * How long it may take, in ms from now, until neither the store nor a disk that refuses what it is told is
   * waited for any more; what is under way then is given up. Sealing comes first, and takes the time that it
   * takes. @default endTimeout, from the sealing on
   */
  readonly deadlineMs?: number | undefined;
}

/** What `close` came to. Everything is sealed on disk; `left` is what is not in the store yet. */
export interface CloseResult {
  readonly shipped: number;
  /** Paths of archives, oldest first: the next writer of the directory ships them. */
  readonly left: readonly string[];
}
