import type { ShippingState } from './archive-shipper.js';
import type { ReceiptLevel } from './receipt.js';

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
}

/** Counts what nobody else does. */
export class WriterTally {
  skipped = 0;
  #sealed = 0;
  #sealedBytes = 0;

  countSealed(bytes: number): void {
    this.#sealed++;
    this.#sealedBytes += bytes;
  }

  stats(records: number, pendingRecords: number, shipping?: ShippingState): WriterStats {
    return {
      records,
      skipped: this.skipped,
      pendingRecords,
      sealed: this.#sealed,
      sealedBytes: this.#sealedBytes,
      shipped: shipping?.shipped ?? 0,
      left: shipping?.left.length ?? 0,
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
  /** How long to wait for the store, in ms. @default endTimeout */
  readonly deadlineMs?: number | undefined;
}

/** What `close` came to. Everything is sealed on disk; `left` is what is not in the store yet. */
export interface CloseResult {
  readonly shipped: number;
  /** Paths of archives, oldest first: the next writer of the directory ships them. */
  readonly left: readonly string[];
}
