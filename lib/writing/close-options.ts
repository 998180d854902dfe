import type { ReceiptLevel } from './receipts/receipt-level.js';

/** What `flush` waits for. */
export interface FlushOptions {
  /** `sealed` and `shipped` seal the open archive now. @default 'synced' */
  readonly until?: ReceiptLevel | undefined;
}

/** How long `close` may take. */
export interface CloseOptions {
  /**
   * How long `close` waits for the store, and for a disk that refuses to write, in ms from the
   * call. Then it gives up what is under way. Sealing comes first, and takes as long as the disk
   * needs for it.
   *
   * @default endTimeout, from the sealing on
   */
  readonly deadlineMs?: number | undefined;
}

/** The state when `close` settles. Everything is sealed on disk. */
export interface CloseResult {
  /** Archives that are in the store. */
  readonly shipped: number;
  /**
   * Paths of archives that are not in the store, oldest first: the next writer of the directory
   * ships them.
   */
  readonly left: readonly string[];
}
