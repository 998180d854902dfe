import type { ArchiveProgress } from './archive-progress.js';
import type { ReceiptLevel } from './receipt-level.js';

/** Where a record is. */
export interface RecordPlace {
  /** The archive's name, without the suffix of its state. */
  readonly archive: string;
  /** Counts the writer's records from 0; undefined in version 1 and JSON lines. */
  readonly sequence: number | undefined;
}

/**
 * What an appended record has reached. Each promise is made when it is first asked for, and settles at
 * once if its time has come. One that can no longer come true rejects with the reason; a rejection that
 * nobody handles is no error of the process, since the writer tells of it by itself.
 */
export interface Receipt {
  /** The record is in the archive's file, as far as the system is concerned. */
  readonly written: Promise<RecordPlace>;
  /** It is on the disk: it is read back after a power loss. Asking for it forces a sync. */
  readonly synced: Promise<RecordPlace>;
  /** Its archive is complete, under its final name. */
  readonly sealed: Promise<RecordPlace>;
  /** The store has confirmed its archive. Rejects at once where nothing is shipped. */
  readonly shipped: Promise<RecordPlace>;
}

/** Where a record that was accepted stands in its archive. */
export interface ReceiptAnchor {
  readonly progress: ArchiveProgress;
  /** Counts the archive's records from 0. */
  readonly ordinal: number;
  readonly sequence: number | undefined;
}

/** A record that waits in Node's queue has no place yet. */
export class PendingReceipt implements Receipt {
  #anchor: ReceiptAnchor | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** Those that somebody has asked for. */
  #promises: Partial<Record<ReceiptLevel, Promise<RecordPlace>>> | undefined;
  /** Called when the record was accepted, or can no longer be. */
  #waiting: (() => void)[] | undefined;
  readonly #onAsk: (level: ReceiptLevel) => void;

  /** @param onAsk told of each level that somebody waits for */
  constructor(onAsk: (level: ReceiptLevel) => void) {
    this.#onAsk = onAsk;
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

  /** The record was accepted. */
  accept(anchor: ReceiptAnchor): void {
    this.#anchor = anchor;
    this.#wake();
  }

  /** The record will not be accepted any more. */
  reject(error: unknown): void {
    this.#failure = { error };
    this.#wake();
  }

  #promise(level: ReceiptLevel): Promise<RecordPlace> {
    const known = this.#promises?.[level];
    if (known !== undefined) return known;
    const promise = this.#settle(level);
    // Whoever waits has a handler of their own; the writer tells of the failure anyway.
    promise.catch(() => undefined);
    this.#promises ??= {};
    this.#promises[level] = promise;
    this.#ask(level);
    return promise;
  }

  #settle(level: ReceiptLevel): Promise<RecordPlace> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (this.#anchor !== undefined) {
      const { ordinal, progress, sequence } = this.#anchor;
      return progress.reached(level, ordinal, (archive) => ({ archive, sequence }));
    }
    const accepted = new Promise<void>((resolve) => {
      this.#waiting ??= [];
      this.#waiting.push(resolve);
    });
    return accepted.then(() => this.#settle(level));
  }

  #wake(): void {
    for (const resolve of this.#waiting ?? []) resolve();
    this.#waiting = undefined;
    for (const level of Object.keys(this.#promises ?? {})) this.#ask(level as ReceiptLevel);
  }

  #ask(level: ReceiptLevel): void {
    const anchor = this.#anchor;
    if (anchor === undefined || anchor.progress.hasReached(level, anchor.ordinal)) return;
    this.#onAsk(level);
  }
}
