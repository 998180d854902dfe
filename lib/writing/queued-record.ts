import type { RecordInput } from '../codec/records/record-input.js';
import { SpoolFullError } from '../errors/spool-full-error.js';
import type { PendingReceipt, ReceiptAnchor } from './receipts/receipt.js';

/** What Node gives to be called when something is done, or has failed. */
export type DoneCallback = (error?: Error | null) => void;

/** A record that was appended while others waited, on its way through Node's queue. */
export class QueuedAppend {
  readonly record: RecordInput;
  readonly receipt: PendingReceipt;

  constructor(record: RecordInput, receipt: PendingReceipt) {
    this.record = record;
    this.receipt = receipt;
  }

  /** What has a receipt is told by it that there was no room; other records are not to pay for it. */
  takeBy(take: (record: RecordInput) => ReceiptAnchor): void {
    try {
      this.receipt.accept(take(this.record));
    } catch (error) {
      if (!(error instanceof SpoolFullError)) throw error;
      this.receipt.reject(error);
    }
  }

  /** What Node calls back. */
  done(error?: Error | null): void {
    if (error) this.receipt.reject(error);
  }
}

/** A record that was not to be taken, on its way to be told of by Node. */
export class QueuedFailure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Takes no record: it is called back when all before it were taken. */
export const BARRIER = Symbol('barrier');

/** What goes through Node's queue. */
export type QueuedRecord = RecordInput | QueuedAppend | QueuedFailure | typeof BARRIER;

/** What Node has given to be taken, from `next` on not taken yet. */
export interface QueuedGroup {
  readonly entries: readonly { readonly chunk: QueuedRecord }[];
  next: number;
  readonly callback: DoneCallback;
}
