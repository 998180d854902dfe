import type { ArchiveProgress } from './archive-progress.js';

/** How safe a record is, each level including those before it. */
export type ReceiptLevel = 'written' | 'synced' | 'sealed' | 'shipped';

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
  readonly #promises = new Map<ReceiptLevel, Promise<RecordPlace>>();
  /** Called when the record was accepted, or can no longer be. */
  #waiting: (() => void)[] = [];
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
    const known = this.#promises.get(level);
    if (known !== undefined) return known;
    const promise = this.#settle(level);
    // Whoever waits has a handler of their own; the writer tells of the failure anyway.
    promise.catch(() => undefined);
    this.#promises.set(level, promise);
    this.#ask(level);
    return promise;
  }

  async #settle(level: ReceiptLevel): Promise<RecordPlace> {
    if (this.#anchor === undefined && this.#failure === undefined) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#anchor === undefined) throw this.#failure?.error;
    const { ordinal, progress, sequence } = this.#anchor;
    const archive = await progress.reached(level, ordinal);
    return { archive, sequence };
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
    for (const level of this.#promises.keys()) this.#ask(level);
  }

  #ask(level: ReceiptLevel): void {
    const anchor = this.#anchor;
    if (anchor === undefined || anchor.progress.hasReached(level, anchor.ordinal)) return;
    this.#onAsk(level);
  }
}
