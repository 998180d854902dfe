import { type InspectOptions, inspect } from 'node:util';

import { Waiters } from '../../streams/waiters.js';
import type { ArchiveProgress } from './archive-progress.js';
import { RECEIPT_LEVELS, type ReceiptLevel } from './receipt-level.js';

/** Where a record is. */
export interface RecordPlace {
  /** The archive's name, without the suffix of its state. */
  readonly archive: string;
  /** Counts the writer's records from 0; undefined in version 1 and JSON lines. */
  readonly sequence: number | undefined;
}

/**
 * How safe an appended record is. The receipt itself is no promise: `await writer.append(record)`
 * waits for nothing, and the record is only in memory. Await one of its promises:
 *
 * - `synced`, and the record survives a crash of the process and of the computer;
 * - `shipped`, and it also survives the loss of the computer's disk;
 * - `written`, and it survives a crash of the process only; `sealed` adds a name to `synced`.
 *
 * Each promise is made when the caller first asks for it, and
 * settles at once if the record is as safe as that already. A promise that can no longer come true
 * rejects with the reason. Such a rejection needs no handler, because the writer reports the
 * failure itself.
 */
export interface Receipt {
  /**
   * The record is in the archive's file: the operating system has it. Asking for it writes the
   * record now, instead of after `flushInterval`.
   */
  readonly written: Promise<RecordPlace>;
  /**
   * The record is on the disk, and will be read back after a power loss. Asking for it forces a
   * sync.
   */
  readonly synced: Promise<RecordPlace>;
  /** The record's archive is complete, under its final name. */
  readonly sealed: Promise<RecordPlace>;
  /** The store has confirmed the record's archive. Rejects at once if the writer ships nothing. */
  readonly shipped: Promise<RecordPlace>;
}

/** Where the writer has put a record. */
export interface ReceiptAnchor {
  readonly progress: ArchiveProgress;
  /** Counts the archive's records from 0. */
  readonly recordNumber: number;
  readonly sequence: number | undefined;
}

/** A receipt that also says which archive its record is in. */
export interface TracedReceipt extends Receipt {
  /** Where the writer has put the record; undefined while it waits in memory. */
  readonly anchor: ReceiptAnchor | undefined;
  /** Settles when the writer has taken the record; rejects with the reason why it did not. */
  anchored(): Promise<ReceiptAnchor>;
}

/** Whether a receipt is one of this library's writers. */
export function isTraced(receipt: Receipt | undefined): receipt is TracedReceipt {
  return receipt !== undefined && 'anchored' in receipt;
}

/** What receipts show before any level is reached. */
export const NOT_REACHED = 'none, the record is in memory';

/** The receipt of a record that is in an archive, or still waits in Node's queue. */
export class PendingReceipt implements TracedReceipt {
  #anchor: ReceiptAnchor | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** The promises that the caller has asked for. */
  #promises: Partial<Record<ReceiptLevel, Promise<RecordPlace>>> | undefined;
  /** Promises that wait until the writer takes the record or refuses it. */
  #waiters: Waiters | undefined;
  readonly #hurry: (level: ReceiptLevel) => void;

  /**
   * @param hurry has all records that were taken written soon, or synced; called when the caller
   *   waits for a level
   */
  constructor(hurry: (level: ReceiptLevel) => void) {
    this.#hurry = hurry;
  }

  get anchor(): ReceiptAnchor | undefined {
    return this.#anchor;
  }

  async anchored(): Promise<ReceiptAnchor> {
    while (this.#anchor === undefined && this.#failure === undefined) {
      this.#waiters ??= new Waiters();
      await this.#waiters.next();
    }
    if (this.#anchor !== undefined) return this.#anchor;
    throw this.#failure?.error;
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

  /** For `console.log`: how safe the record is by now, and what to await. Asks for no promise. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const state =
      this.#failure === undefined ? { reached: this.#level() } : { failed: this.#failure.error };
    const shown = inspect({ ...state, 'to await': 'receipt.synced, .sealed or .shipped' }, options);
    return `Receipt ${shown}`;
  }

  /** For `JSON.stringify`: how safe the record is by now. */
  toJSON(): { readonly reached: string } | { readonly failed: string } {
    if (this.#failure === undefined) return { reached: this.#level() };
    return { failed: String(this.#failure.error) };
  }

  /** The highest level that the record has reached. */
  #level(): ReceiptLevel | typeof NOT_REACHED {
    const anchor = this.#anchor;
    const reached = RECEIPT_LEVELS.filter((level) =>
      anchor?.progress.hasReached(level, anchor.recordNumber),
    );
    return reached.at(-1) ?? NOT_REACHED;
  }

  /** The writer has taken the record. */
  accept(anchor: ReceiptAnchor): void {
    this.#anchor = anchor;
    this.#waiters?.wakeAll();
    for (const level of RECEIPT_LEVELS) {
      if (this.#promises?.[level] !== undefined) this.#askFor(level);
    }
  }

  /** The writer will not take the record. */
  reject(error: unknown): void {
    this.#failure = { error };
    this.#waiters?.wakeAll();
  }

  #promise(level: ReceiptLevel): Promise<RecordPlace> {
    const known = this.#promises?.[level];
    if (known !== undefined) return known;
    const promise = this.#settle(level);
    // Without a handler here, a rejection that the caller ignores would end the process.
    promise.catch(() => undefined);
    this.#promises ??= {};
    this.#promises[level] = promise;
    this.#askFor(level);
    return promise;
  }

  #settle(level: ReceiptLevel): Promise<RecordPlace> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (this.#anchor !== undefined) {
      const { progress, recordNumber, sequence } = this.#anchor;
      return progress.reached(level, recordNumber, (archive) => ({ archive, sequence }));
    }
    this.#waiters ??= new Waiters();
    return this.#waiters.next().then(() => this.#settle(level));
  }

  #askFor(level: ReceiptLevel): void {
    const anchor = this.#anchor;
    if (anchor === undefined || anchor.progress.hasReached(level, anchor.recordNumber)) return;
    this.#hurry(level);
  }
}
