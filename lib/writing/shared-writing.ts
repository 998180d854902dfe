import type { StoreReceipts } from './receipts/store-receipts.js';
import type { SharedMemory } from './sink/shared-memory.js';

/** Memory and receipts that the writers of several partitions share. */
export interface SharedWriting {
  readonly memory: SharedMemory;
  /** The receipts of sealed archives, which outlive their writer. */
  readonly receipts: StoreReceipts;
}
