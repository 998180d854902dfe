import { join } from 'node:path';
import { addAbortSignal } from 'node:stream';

import type { RecordInput } from '../codec/records/record-input.js';
import { asError } from '../errors/as-error.js';
import { escapeGlob } from '../series/names/glob.js';
import { endAndClose } from './end-and-close.js';
import { EndWait } from './end-wait.js';
import { HandlerQueue } from './handler-queue.js';
import type { ArchiveShipper } from './handlers/archive-shipper.js';
import { PendingArchives } from './pending-archives.js';
import type { DoneCallback } from './queued-record.js';
import { ReceiptWritable } from './receipt-writable.js';
import type { ReceiptAnchor } from './receipts/receipt.js';
import { ReceiptBook } from './receipts/receipt-book.js';
import { Roller } from './rolling/roller.js';
import {
  parseRollingWriteOptions,
  type RollingWriteOptions,
  type RollingWriteSettings,
} from './rolling-write-options.js';
import { DiskRetry } from './sink/disk-retry.js';
import { Takeover } from './takeover.js';
import { wasDestroyed } from './was-destroyed.js';
import {
  type CloseOptions,
  type CloseResult,
  type WriterStats,
  WriterTally,
} from './writer-stats.js';

/**
 * A Writable of records (`RecordInput`) that fills the archives of one series. A record is accepted when
 * its callback comes: it is in memory then, in one of two slabs. While both are full the callback is held;
 * that is the backpressure. A disk that refuses what it is told does not end the stream: it is asked again,
 * and holds records back meanwhile (events `stalled` and `resumed`).
 *
 * `end` seals and fsyncs everything (event `drained`), waits for the store where there is one, and only
 * then finishes. `destroy` seals what was accepted, and does not wait for the store. Events: see
 * `ArchiveWriterEvents`.
 */
export class RollingWriteStream extends ReceiptWritable {
  /** The glob that reads the series back, whatever has become of its archives. */
  readonly pattern: string;
  /** Tells this writer's records from all others': 16 hex digits. */
  readonly writer: string;
  readonly #series: Roller;
  readonly #handlers: HandlerQueue;
  readonly #tally = new WriterTally();
  readonly #shipper: ArchiveShipper | undefined;
  readonly #retry: DiskRetry;
  readonly #endWait: EndWait;
  readonly #spool: PendingArchives;
  readonly #inheritance: Takeover;
  /** Settles when files may be created, or that has failed. */
  readonly #opened: Promise<void>;
  #failure: Error | undefined;

  /** @throws TemplateError, RangeError or TypeError for an option that makes no sense */
  constructor(options: RollingWriteOptions) {
    const settings = parseRollingWriteOptions(options);
    super({ ...settings, receipts: new ReceiptBook(options.shipper !== undefined) });
    this.writer = Buffer.from(settings.writerId).toString('hex');
    this.pattern = join(escapeGlob(settings.directory), settings.template.pattern);
    this.#shipper = options.shipper;
    this.#retry = new DiskRetry(settings.clock, {
      onStalled: (stall) => this.tell('stalled', stall),
      onResumed: (step) => this.tell('resumed', step),
    });
    this.#endWait = new EndWait(settings.clock, settings.endTimeoutMs, () => this.#retry.giveUp());
    this.#spool = new PendingArchives(this.receipts, options.shipper, () => void this.roll());
    this.#handlers = new HandlerQueue(settings.handlers, {
      onHandled: (archive) => this.#spool.handled(archive),
      onGone: (archive) => this.#spool.gone(archive),
      onFailed: (failure) => this.tell('failed', failure),
    });
    const { shipper } = options;
    this.#inheritance = new Takeover(settings, this.#retry, shipper, this.#handlers, {
      onShipped: (archive) => {
        this.receipts.shipped(archive.sha256);
        this.tell('shipped', archive);
      },
      onDropped: (archive) => {
        this.#spool.dropped(archive);
        this.tell('dropped', archive);
      },
      onRecovered: (archive) => this.tell('recovered', archive),
      onFailed: (failure) => this.tell('failed', failure),
    });
    // Beside the first records, not before them: a source that fails at once leaves what it gave.
    const ready = this.#inheritance.open();
    this.#opened = ready.catch((error) => this.#fail(error));
    this.#series = this.#createSeries(settings, ready);
    // Last, not by Node's option of that name: one that has aborted destroys the stream at once.
    if (options.signal !== undefined) addAbortSignal(options.signal, this);
  }

  stats(): WriterStats {
    return this.#tally.stats({
      records: this.#series.records,
      skipped: this.skipped,
      pendingRecords: this.writableLength,
      stalled: this.#retry.stall,
      shipping: this.#shipper?.state(),
    });
  }

  /**
   * Seals the open archive now, with the records that were accepted so far; without any there is nothing
   * to do. Settles when it is sealed, listeners were told, and handlers have had it (so that no handler
   * may wait for it).
   *
   * @throws what ended the stream; `error` tells that, too, so that nobody has to wait
   */
  override roll(): Promise<void> {
    const rolled = this.#roll();
    rolled.catch(() => undefined);
    return rolled;
  }

  /**
   * Ends the stream as `end` does, but a store that does not take everything in time is no error.
   *
   * @throws what ended the stream before, or ends it now; ArchiveError with the code `ERR_DESTROYED` when
   *   it was destroyed before all was written
   */
  async close(options: CloseOptions = {}): Promise<CloseResult> {
    this.#endWait.limit(options.deadlineMs);
    this.#endWait.allowLeft();
    await endAndClose(this);
    const { shipped, left } = this.#shipper?.state() ?? { shipped: 0, left: [] };
    return { shipped, left };
  }

  /** As `close`; Node's default would drop what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  protected override onEnd(): void {
    this.#endWait.begin();
  }

  override _final(callback: DoneCallback): void {
    this.#finish()
      .finally(() => this.#endWait.end())
      .then(() => callback(), callback);
  }

  override _destroy(error: Error | null, callback: DoneCallback): void {
    this.#endWait.cut();
    this.refuse(error ?? wasDestroyed());
    this.#settle().then(
      () => callback(error ?? this.#failure),
      (failure) => callback(error ?? failure),
    );
  }

  protected override isFull(): boolean {
    return this.#series.isFull;
  }

  protected override waitingBytes(): number {
    return this.#series.waitingBytes;
  }

  protected override takeAppended(record: RecordInput): ReceiptAnchor {
    // Nothing of it would be written any more; the stream is destroyed in a moment.
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.writableEnded) this.#spool.check();
    return this.#series.add(record);
  }

  protected override wantSynced(): void {
    this.#series.wantSynced();
  }

  /** Once it ends there is always room: what was written is to be sealed. */
  protected override room(): Promise<void> | null {
    return this.writableEnded ? null : this.#spool.room();
  }

  #createSeries(settings: RollingWriteSettings, ready: Promise<void>): Roller {
    return new Roller({
      ...settings,
      retry: this.#retry,
      ready,
      listener: {
        onOpened: (archive) => {
          this.tell('open', archive);
          this.#handlers.opened(archive);
        },
        onBegin: (draft) => this.#spool.begin(draft),
        onSealed: (archive, draft) => {
          this.#tally.countSealed(archive.bytes);
          this.#spool.sealed(archive, draft);
          this.tell('sealed', archive);
          this.#handlers.sealed(archive);
        },
        onTaken: (draft) => this.#spool.taken(draft),
        onRoom: () => this.release(),
        onFailure: (error) => this.#fail(error),
      },
    });
  }

  async #roll(): Promise<void> {
    await this.#series.roll();
    await this.#handlers.idle();
    await new Promise<void>((resolve) => process.nextTick(resolve));
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #finish(): Promise<void> {
    await this.#opened;
    await this.#inheritance.idle();
    await this.#settleOnDisk();
    // The stream is being destroyed for it; not all is on disk.
    if (this.#failure !== undefined) throw this.#failure;
    this.tell('drained');
    if (this.#shipper !== undefined) await this.#endWait.ship(this.#shipper);
  }

  async #settle(): Promise<void> {
    try {
      await this.#settleOnDisk();
    } finally {
      await this.#shipper?.stop();
      this.receipts.end(this.#failure ?? this.errored ?? wasDestroyed());
    }
  }

  async #settleOnDisk(): Promise<void> {
    await this.#series.end();
    await this.#inheritance.stop();
    await this.#handlers.idle();
    // Also without a record: a directory that is not there is to be told.
    await this.#opened;
  }

  /** In a tick of its own: it may be told from amid a write, and `_destroy` writes what is left. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    const failure = asError(error);
    this.#failure = failure;
    process.nextTick(() => this.destroy(failure));
  }
}
