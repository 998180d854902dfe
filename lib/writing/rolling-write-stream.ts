import { addAbortSignal } from 'node:stream';

import type { RecordInput } from '../codec/records/record-input.js';
import { asError } from '../errors/as-error.js';
import { nextTick } from '../format/timers.js';
import type { SeriesPattern } from '../series/listing/series-patterns.js';
import { keepAliveUntil } from '../streams/keep-alive.js';
import type { DoneCallback } from '../streams/typed-streams.js';
import type { ArchiveWriterEvents } from './archive-writer-events.js';
import {
  type CloseOptions,
  type CloseResult,
  type FlushOptions,
  parseCloseOptions,
  parseFlushOptions,
} from './close-options.js';
import { checkNotEnded, endAndClose, wasDestroyed } from './end-and-close.js';
import { EndWait } from './end-wait.js';
import { EventedWritable } from './evented-writable.js';
import { createGivenSequences, type GivenSequences } from './given-sequences.js';
import { HandlerQueue } from './handler-queue.js';
import type { ArchiveFailure } from './handlers/archive-failure.js';
import type { ArchiveShipper, ShippingListener } from './handlers/archive-shipper.js';
import { PendingArchives } from './pending-archives.js';
import { RECORDS_AHEAD } from './queued-bytes.js';
import { PendingReceipt, type Receipt } from './receipts/receipt.js';
import { ReceiptBook } from './receipts/receipt-book.js';
import type { ReceiptLevel } from './receipts/receipt-level.js';
import { type QueueEntry, RecordQueue } from './record-queue.js';
import type { ArchiveListener } from './rolling/archive-listener.js';
import { Roller } from './rolling/roller.js';
import {
  parseRollingWriteOptions,
  type RollingWriteOptions,
  type RollingWriteSettings,
} from './rolling-write-options.js';
import type { ArchivedAt, ArchivedSearch } from './sequences/find-archived-record.js';
import { patternAt, patternsOfSeries } from './series-locations.js';
import type { SharedWriting } from './shared-writing.js';
import { DiskFigures } from './sink/disk-figures.js';
import { DiskRetry } from './sink/disk-retry.js';
import { Takeover } from './takeover.js';
import { createUnheardWarnings } from './unheard-warnings.js';
import { collectStats, type WriterStats } from './writer-stats.js';

/**
 * A Writable of records (`RecordInput`) that fills the archives of one series. It accepts a record
 * by calling back: then the record is in memory, in one of two slabs. While both are full, it holds
 * the callback, and `write` returns false: that is the backpressure. A disk that refuses to write
 * does not end the stream: the writer tries again, and holds records back (`stalled`, `resumed`).
 *
 * `end` seals and fsyncs everything (event `drained`), waits for the store if there is one, and
 * only then finishes. `destroy` seals what was accepted, and does not wait for the store. Events:
 * see `ArchiveWriterEvents`.
 */
export class RollingWriteStream extends EventedWritable {
  /** The glob that reads the series back from the writer's directory, open or sealed. */
  readonly pattern: string;
  /**
   * All patterns under which the series' archives may be: the directory, and wherever handlers and
   * shipping take them. A reader of them all reads each record once. It needs the option `s3` that
   * `ship` has, and finds nothing that a handler of your own has moved, unless it has `locate`.
   */
  readonly patterns: readonly SeriesPattern[];
  /** The writer's id, 16 hex digits: no other writer has it. */
  readonly writer: string;
  readonly #receipts: ReceiptBook;
  readonly #shipper: ArchiveShipper | undefined;
  readonly #figures = new DiskFigures();
  readonly #retry: DiskRetry;
  readonly #endWait: EndWait;
  readonly #pending: PendingArchives;
  readonly #handlers: HandlerQueue;
  readonly #takeover: Takeover;
  /** Settles when files may be created, or opening has failed. */
  readonly #opened: Promise<void>;
  readonly #roller: Roller;
  readonly #queue: RecordQueue;
  readonly #sequences: GivenSequences | undefined;
  readonly #unheard = createUnheardWarnings();
  readonly #hurry = (level: ReceiptLevel) => {
    if (level === 'synced') this.#roller.syncSoon();
    else this.#roller.writeSoon();
  };

  /**
   * @param shared what the writers of partitions share
   * @throws TemplateError, RangeError or TypeError for an option that makes no sense
   */
  constructor(options: RollingWriteOptions, shared?: SharedWriting) {
    const settings = parseRollingWriteOptions(options);
    super({ objectMode: true, highWaterMark: RECORDS_AHEAD });
    const { clock, endTimeoutMs, shipper, signal, syncMode } = settings;
    this.writer = Buffer.from(settings.writerId).toString('hex');
    const written = { directory: settings.directory, names: settings.template.pattern };
    this.pattern = patternAt(written);
    this.patterns = patternsOfSeries(written, settings.handlers, shipper?.patterns);
    this.#shipper = shipper;
    this.#receipts = new ReceiptBook(shipper !== undefined, shared?.receipts);
    this.#retry = new DiskRetry(clock, {
      onStalled: (stall) => this.#report('stalled', stall),
      onResumed: (step) => this.#report('resumed', step),
    });
    this.#endWait = new EndWait(clock, endTimeoutMs, () => this.#retry.giveUp());
    this.#pending = new PendingArchives(this.#receipts, shipper, () => void this.#roller.roll());
    const onFailed = (failure: ArchiveFailure) => this.#report('failed', failure);
    this.#handlers = new HandlerQueue(settings.handlers, onFailed, this.#endWait.overdue);
    this.#takeover = this.#createTakeover(settings);
    // While the first records are taken: those of a source that fails at once must not be lost.
    const ready = this.#takeover.open();
    this.#opened = ready.catch((error) => this.#fail(error));
    this.#roller = new Roller({
      ...settings,
      retry: this.#retry,
      figures: this.#figures,
      ready,
      memory: shared?.memory,
      listener: this.#archiveListener(),
      onRoom: () => this.#queue.release(),
    });
    this.#sequences = createGivenSequences(settings, {
      ready,
      roller: this.#roller,
      receipts: this.#receipts.stored,
      signal: this.#endWait.overdue,
      onKnown: () => this.#queue.release(),
      onFailed,
    });
    this.#queue = new RecordQueue({
      ...settings,
      sequences: this.#sequences,
      stream: this,
      onSkipped: (record, reason) => this.#report('invalid', { record, reason }),
      enqueue: (...args) => Reflect.apply(super.write, this, args),
      roller: this.#roller,
      pending: this.#pending,
      sync: syncMode === 'always' ? () => this.#sync() : null,
    });
    // One sync for all records that wait.
    if (syncMode === 'always') {
      this._writev = (entries, callback) => this.#queue.takeEntries(entries, callback);
    }
    // Last, and not by Node's option: an aborted signal destroys the stream at once.
    if (signal !== undefined) addAbortSignal(signal, this);
  }

  /** Declared on the class for speed: see `TypedWritable`. */
  override get writableNeedDrain(): boolean {
    return this.#queue.owesDrain || super.writableNeedDrain;
  }

  /**
   * Takes a record, and gives a receipt that says how safe it is: await its `synced`, `sealed` or
   * `shipped`, not the receipt. Copies what it needs of the record, which takes its turn.
   *
   * @throws RecordError for what is not a record, whatever `invalid` says; BacklogFullError when
   *   too much waits already: `await ready()` first; SpoolFullError with `whenFull: 'error'`;
   *   ArchiveError `ERR_ENDED` after the end
   */
  append(record: RecordInput): Receipt {
    checkNotEnded(this);
    const receipt = new PendingReceipt(this.#hurry);
    this.#queue.append(record, receipt);
    return receipt;
  }

  override write(record: RecordInput, callback?: DoneCallback): boolean;
  override write(record: RecordInput, encoding: BufferEncoding, callback?: DoneCallback): boolean;
  override write(
    record: RecordInput,
    encoding?: BufferEncoding | DoneCallback,
    callback?: DoneCallback,
  ): boolean {
    return this.#queue.write(record, encoding, callback);
  }

  /** Settles when `append` and `write` have room, or the stream has ended. */
  async ready(): Promise<void> {
    await this.#queue.ready();
  }

  /**
   * Settles when all records so far have reached a level: by default, when they are on disk.
   *
   * @throws TypeError for an unknown level or option; what ended the stream before that;
   *   ArchiveError `ERR_NOT_SHIPPED` for `shipped` without `ship`
   */
  async flush(options?: FlushOptions): Promise<void> {
    const until = parseFlushOptions(options);
    await this.#queue.taken(() => {
      if (until === 'sealed' || until === 'shipped') void this.#roller.roll();
      else this.#hurry(until);
    });
    await this.#receipts.all(until);
  }

  /**
   * Seals the open archive with all records before the call, also those that wait in memory, and
   * continues in a new one; does nothing without any. Settles when the archive is sealed, listeners
   * were called, and handlers are done with it. A handler must not wait for it.
   *
   * @throws what ended the stream; the rejection needs no handler, since the event `error` reports
   *   that, too
   */
  roll(): Promise<void> {
    const rolled = keepAliveUntil(this.#roll());
    rolled.catch(() => undefined);
    return rolled;
  }

  override end(callback?: () => void): this;
  override end(record: RecordInput, callback?: () => void): this;
  override end(record: RecordInput, encoding: BufferEncoding, callback?: () => void): this;
  override end(...args: unknown[]): this {
    Reflect.apply(super.end, this, args);
    this.#endWait.begin();
    // After the end the disk's budget holds no record back.
    this.#queue.release();
    return this;
  }

  /**
   * Ends the stream as `end` does, but it is no error if the store does not take everything in
   * time.
   *
   * @throws what ended the stream before, or ends it now; ArchiveError with the code
   *   `ERR_DESTROYED` when it was destroyed before all was written
   */
  async close(options?: CloseOptions): Promise<CloseResult> {
    this.#endWait.limit(parseCloseOptions(options).deadlineMs);
    this.#endWait.allowLeft();
    await endAndClose(this);
    const state = this.#shipper?.state();
    const { unfinished } = this.#handlers;
    const left = state === undefined ? [] : [...state.left, ...unfinished];
    const isCutShort = left.length > 0 || unfinished.length > 0 || this.#takeover.isCutShort;
    const reason = state?.error ?? (isCutShort ? this.#endWait.expired : undefined);
    const counts = { shipped: state?.shipped ?? 0, left };
    return reason === undefined ? counts : { ...counts, reason };
  }

  /** As `close`. Node's default would drop the records that wait. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** With given sequences: what the series holds around one. Undefined if its places do not say. */
  async findArchived(sequence: number, search?: ArchivedSearch): Promise<ArchivedAt | undefined> {
    return await this.#sequences?.findArchived(sequence, search);
  }

  stats(): WriterStats {
    return collectStats({
      roller: this.#roller,
      queue: this.#queue,
      sequences: this.#sequences,
      pendingRecords: this.writableLength,
      figures: this.#figures,
      openBytes: this.#pending.openBytes,
      shipping: this.#shipper?.state(),
      retry: this.#retry,
    });
  }

  override _write(chunk: QueueEntry, _encoding: string, callback: DoneCallback): void {
    this.#queue.takeEntries([{ chunk }], callback);
  }

  override _final(callback: DoneCallback): void {
    keepAliveUntil(this.#finish()).then(() => callback(), callback);
  }

  override _destroy(error: Error | null, callback: DoneCallback): void {
    this.#endWait.cut();
    this.#queue.refuseHeld(error ?? wasDestroyed());
    const settled = keepAliveUntil(this.#settle()).finally(() => this.#endWait.end());
    settled.then(
      () => callback(error ?? this.#queue.failure),
      (failure) => callback(error ?? failure),
    );
  }

  #createTakeover(settings: RollingWriteSettings): Takeover {
    const shippingListener: ShippingListener = {
      onShipped: (archive) => {
        this.#receipts.stored.shipped(archive);
        this.#report('shipped', archive);
      },
      onDropped: (archive) => {
        this.#pending.dropped(archive);
        this.#report('dropped', archive);
      },
      onFailed: (failure) => this.#report('failed', failure),
    };
    return new Takeover({
      ...settings,
      givenWriter: settings.isWriterOnce ? this.writer : undefined,
      retry: this.#retry,
      signal: this.#endWait.overdue,
      startShipping: async () => this.#shipper?.start(shippingListener),
      onRecovered: (archive) => {
        this.#report('recovered', archive);
        void this.#sequences?.recovered(archive.path);
        this.#handlers.sealed(archive, (handled) => {
          if (handled !== null) this.#pending.handledRecovered(handled);
        });
      },
      onFailed: (failure) => this.#report('failed', failure),
    });
  }

  #archiveListener(): ArchiveListener {
    return {
      onBegin: (draft) => this.#pending.begin(draft),
      onOpened: (archive) => {
        this.#report('open', archive);
        this.#handlers.opened(archive);
      },
      onSealed: (archive, draft) => {
        this.#pending.sealed(archive, draft);
        this.#report('sealed', archive);
        this.#handlers.sealed(archive, (handled) => {
          if (handled === null) this.#pending.gone(archive);
          else this.#pending.handled(handled);
        });
      },
      onTakenOver: (draft) => this.#pending.takenOver(draft),
      onLost: (lost) => {
        this.#report('lost', lost);
        this.#takeover.recover(lost.archive);
      },
      onFailure: (error) => this.#fail(error),
    };
  }

  /** Emits an event in a tick of its own: a listener's error must not end the writer's work. */
  #report<Name extends keyof ArchiveWriterEvents>(
    name: Name,
    ...args: ArchiveWriterEvents[Name]
  ): void {
    nextTick(() => {
      if (!this.emit(name, ...args)) this.#unheard[name]?.(...args);
    });
  }

  async #sync(): Promise<void> {
    this.#roller.syncSoon();
    await this.#receipts.all('synced');
  }

  async #roll(): Promise<void> {
    let rolled = Promise.resolve();
    await this.#queue.taken(() => {
      rolled = this.#roller.roll();
    });
    await rolled;
    await this.#handlers.idle();
    await new Promise<void>((resolve) => nextTick(resolve));
    const { failure } = this.#queue;
    if (failure !== undefined) throw failure;
  }

  async #finish(): Promise<void> {
    await this.#opened;
    await this.#takeover.idle();
    await this.#settleOnDisk();
    // The failure is about to destroy the stream: not everything is on disk.
    if (this.#queue.failure !== undefined) throw this.#queue.failure;
    this.#report('drained');
    if (this.#shipper !== undefined) await this.#endWait.ship(this.#shipper);
  }

  async #settle(): Promise<void> {
    try {
      await this.#settleOnDisk();
    } finally {
      await this.#shipper?.stop(this.#endWait.overdue);
      this.#receipts.end(this.#queue.failure ?? this.errored ?? wasDestroyed());
    }
  }

  async #settleOnDisk(): Promise<void> {
    await this.#roller.end();
    await this.#takeover.stop();
    await this.#handlers.idle();
    // A missing directory is an error even if no record came.
    await this.#opened;
  }

  /**
   * Destroys the stream in a tick of its own: this may be called amid a write, and `_destroy`
   * seals.
   */
  #fail(error: unknown): void {
    if (this.#queue.failure !== undefined) return;
    const failure = asError(error);
    this.#queue.fail(failure);
    nextTick(() => this.destroy(failure));
  }
}
