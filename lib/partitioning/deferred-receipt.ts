import { type InspectOptions, inspect } from 'node:util';

import { keepAliveUntil } from '../streams/keep-alive.js';
import {
  isTraced,
  NOT_REACHED,
  type Receipt,
  type ReceiptAnchor,
  type RecordPlace,
  type TracedReceipt,
} from '../writing/receipts/receipt.js';
import type { ReceiptLevel } from '../writing/receipts/receipt-level.js';

/** The receipt of a record that waits until its partition has a writer. */
export class DeferredReceipt implements TracedReceipt {
  readonly #appended: Promise<Receipt>;
  #receipt: Receipt | undefined;
  #accept: (receipt: Receipt) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  readonly #promises: Partial<Record<ReceiptLevel, Promise<RecordPlace>>> = {};

  constructor() {
    this.#appended = new Promise((resolve, reject) => {
      this.#accept = resolve;
      this.#reject = reject;
    });
    // The caller may ask for none of the promises.
    this.#appended.catch(() => undefined);
  }

  get written(): Promise<RecordPlace> {
    return this.#promise('written');
  }

  get synced(): Promise<RecordPlace> {
    return this.#promise('synced');
  }

  get sealed(): Promise<RecordPlace> {
    return this.#promise('sealed');
  }

  get shipped(): Promise<RecordPlace> {
    return this.#promise('shipped');
  }

  get anchor(): ReceiptAnchor | undefined {
    return isTraced(this.#receipt) ? this.#receipt.anchor : undefined;
  }

  async anchored(): Promise<ReceiptAnchor> {
    const receipt = await this.#appended;
    if (isTraced(receipt)) return await receipt.anchored();
    throw new Error('a writer gave a receipt that is not of this library');
  }

  /** The partition's writer has taken the record. */
  accept(receipt: Receipt): void {
    this.#receipt = receipt;
    this.#accept(receipt);
  }

  /** No writer will take the record. */
  reject(error: unknown): void {
    this.#reject(error);
  }

  /** As the receipt of the partition's writer. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return this.#receipt === undefined
      ? `Receipt { reached: '${NOT_REACHED}' }`
      : inspect(this.#receipt, options);
  }

  /** As the receipt of the partition's writer. */
  toJSON(): unknown {
    // Not the receipt itself, of which `JSON.stringify` would then not ask.
    if (this.#receipt !== undefined) return JSON.parse(JSON.stringify(this.#receipt));
    return { reached: NOT_REACHED };
  }

  #promise(level: ReceiptLevel): Promise<RecordPlace> {
    const known = this.#promises[level];
    if (known !== undefined) return known;
    const promise = keepAliveUntil(this.#appended.then((receipt) => receipt[level]));
    promise.catch(() => undefined);
    this.#promises[level] = promise;
    return promise;
  }
}
