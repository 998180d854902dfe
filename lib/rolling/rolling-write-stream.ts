import { join } from 'node:path';
import { Writable } from 'node:stream';

import type { RecordInput } from '../codec/record-input.js';
import { ArchiveError } from '../errors/archive-error.js';
import { RecordError } from '../errors/record-error.js';
import { ShippingPendingError } from '../errors/shipping-pending-error.js';
import { checkDirectory } from './archive-directory.js';
import type { SealedArchive } from './archive-handler.js';
import type { ArchiveShipper } from './archive-shipper.js';
import type { ArchiveWriterEvents } from './archive-writer-events.js';
import { escapeGlob } from './escape-glob.js';
import { HandlerQueue } from './handler-queue.js';
import { QueuedBytes } from './queued-bytes.js';
import {
  parseRollingWriteOptions,
  type RollingWriteOptions,
  type RollingWriteSettings,
} from './rolling-write-options.js';
import { SeriesWriter } from './series-writer.js';
import { ShippingWait } from './shipping-wait.js';
import type { CloseOptions, CloseResult, WriterStats } from './writer-stats.js';

type Callback = (error?: Error | null) => void;

/** Node's queue in front of the slabs, in records. */
const RECORDS_AHEAD = 1024;

/**
 * A Writable of records (`RecordInput`) that fills the archives of one series. A record is accepted when
 * its callback comes: it is in memory then, in one of two slabs. While both are full the callback is held;
 * that is the backpressure.
 *
 * `end` seals and fsyncs everything (event `drained`), waits for the store where there is one, and only
 * then finishes. `destroy` seals what was accepted, and does not wait for the store. Events: see
 * `ArchiveWriterEvents`.
 */
export class RollingWriteStream extends Writable {
  /** The glob that reads the series back, whatever has become of its archives. */
  readonly pattern: string;
  /** Tells this writer's records from all others': 16 hex digits. */
  readonly writer: string;
  readonly #invalid: 'fail' | 'skip';
  readonly #series: SeriesWriter;
  readonly #handlers: HandlerQueue;
  readonly #shipper: ArchiveShipper | undefined;
  readonly #shippingWait: ShippingWait;
  readonly #queuedBytes: QueuedBytes;
  /** The record that waits for a slab, and what to call when it was taken. */
  #held: { readonly record: RecordInput; readonly callback: Callback } | undefined;
  #awaitsRoom = false;
  #isClosing = false;
  #failure: Error | undefined;
  #skipped = 0;
  #sealed = 0;
  #sealedBytes = 0;

  /** @throws TemplateError, RangeError or TypeError for an option that makes no sense */
  constructor(options: RollingWriteOptions) {
    const settings = parseRollingWriteOptions(options);
    const { signal } = options;
    const base = { objectMode: true, highWaterMark: RECORDS_AHEAD };
    super(signal === undefined ? base : { ...base, signal });
    this.writer = Buffer.from(settings.writerId).toString('hex');
    this.pattern = join(escapeGlob(settings.directory), settings.template.pattern);
    this.#invalid = settings.invalid;
    this.#shipper = options.shipper;
    this.#shippingWait = new ShippingWait(settings.clock, settings.endTimeoutMs);
    this.#queuedBytes = new QueuedBytes(settings.maxPendingBytes);
    this.#handlers = new HandlerQueue(settings.handlers, {
      onHandled: (archive) => this.#shipper?.add(archive),
      onFailed: (failure) => this.#tell('failed', failure),
    });
    // Beside the first records, not before them: a source that fails at once leaves what it gave.
    const ready = this.#open(settings);
    ready.catch((error) => this.#fail(error));
    this.#series = this.#createSeries(settings, ready);
  }

  stats(): WriterStats {
    const shipping = this.#shipper?.state();
    return {
      records: this.#series.records,
      skipped: this.#skipped,
      pendingRecords: this.writableLength,
      sealed: this.#sealed,
      sealedBytes: this.#sealedBytes,
      shipped: shipping?.shipped ?? 0,
      left: shipping?.left.length ?? 0,
    };
  }

  /**
   * Seals the open archive now, with the records that were accepted so far; without any there is nothing
   * to do. Settles when it is sealed, and handlers have had it.
   */
  async roll(): Promise<void> {
    this.#series.roll();
    await this.#series.idle();
    await this.#handlers.idle();
  }

  /**
   * Ends the stream as `end` does, but a store that does not take everything in time is no error.
   *
   * @throws what ended the stream before, or ends it now
   */
  async close(options: CloseOptions = {}): Promise<CloseResult> {
    this.#isClosing = true;
    if (options.deadlineMs !== undefined) this.#shippingWait.limit(options.deadlineMs);
    // Whoever closes is told by the promise; without a listener the event would end the process.
    this.on('error', () => {});
    if (!this.writableEnded && !this.destroyed) this.end();
    if (!this.closed) await new Promise<void>((resolve) => this.once('close', resolve));
    if (this.errored !== null) throw this.errored;
    const { shipped, left } = this.#shipper?.state() ?? { shipped: 0, left: [] };
    return { shipped, left };
  }

  /** As `close`; Node's default would drop what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // Writable's overloads have no one type that can be passed on; arguments go through as they are.
  override write(...args: unknown[]): boolean {
    const isWanted = super.write(...(args as [unknown]));
    if (this.writableLength === 0) return isWanted;
    return this.#queuedBytes.add(args[0] as RecordInput) && isWanted;
  }

  override end(...args: unknown[]): this {
    super.end(...(args as []));
    // From now on no room in the store is waited for: what was written is to be sealed.
    this.#release();
    return this;
  }

  override _write(record: RecordInput, _encoding: string, callback: Callback): void {
    if (this.#mustWait()) {
      // Released by `#release`. Called back now, records would heap up in a third slab, and so on.
      this.#held = { record, callback };
      return;
    }
    this.#accept(record, callback);
  }

  override _final(callback: Callback): void {
    this.#finish().then(() => callback(), callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#shippingWait.end();
    this.#held?.callback(error ?? new ArchiveError('ERR_DESTROYED', 'the writer was destroyed'));
    this.#held = undefined;
    this.#settle().then(
      () => callback(error ?? this.#failure),
      (failure) => callback(error ?? failure),
    );
  }

  async #open(settings: RollingWriteSettings): Promise<void> {
    await checkDirectory(settings.directory, settings.files);
    await this.#shipper?.start({
      onShipped: (archive) => this.#tell('shipped', archive),
      onFailed: (failure) => this.#tell('failed', failure),
    });
  }

  #createSeries(settings: RollingWriteSettings, ready: Promise<void>): SeriesWriter {
    return new SeriesWriter({
      ...settings,
      ready,
      listener: {
        onOpened: (archive) => {
          this.#tell('open', archive);
          this.#handlers.opened(archive);
        },
        onSealed: (archive) => this.#onSealed(archive),
        onRoom: () => this.#release(),
        onFailure: (error) => this.#fail(error),
      },
    });
  }

  #accept(record: RecordInput, callback: Callback): void {
    let failure: unknown = null;
    try {
      this.#series.add(record);
    } catch (error) {
      if (error instanceof RecordError && this.#invalid === 'skip') this.#skipped++;
      else failure = error;
    }
    callback(failure as Error | null);
    // Node tells of a drained queue itself where it was full by its own count.
    if (this.writableLength > 0 || !this.#queuedBytes.clear() || this.writableNeedDrain) return;
    process.nextTick(() => this.emit('drain'));
  }

  #mustWait(): boolean {
    if (this.#series.isFull) return true;
    if (!this.#series.isBetweenArchives || this.writableEnded) return false;
    const room = this.#shipper?.room() ?? null;
    if (room === null) return false;
    if (!this.#awaitsRoom) {
      this.#awaitsRoom = true;
      void room.then(() => {
        this.#awaitsRoom = false;
        this.#release();
      });
    }
    return true;
  }

  #release(): void {
    const held = this.#held;
    if (held === undefined || this.#mustWait()) return;
    this.#held = undefined;
    this.#accept(held.record, held.callback);
  }

  #onSealed(archive: SealedArchive): void {
    this.#sealed++;
    this.#sealedBytes += archive.bytes;
    this.#tell('sealed', archive);
    this.#handlers.sealed(archive);
  }

  async #finish(): Promise<void> {
    await this.#settleOnDisk();
    // The stream is being destroyed for it; not all is on disk.
    if (this.#failure !== undefined) throw this.#failure;
    this.#tell('drained');
    if (this.#shipper === undefined) return;
    const { left, error } = await this.#shippingWait.run(this.#shipper);
    if (left.length === 0 || this.#isClosing) return;
    throw new ShippingPendingError(left, error === undefined ? {} : { cause: error });
  }

  async #settle(): Promise<void> {
    await this.#settleOnDisk();
    await this.#shipper?.stop();
  }

  async #settleOnDisk(): Promise<void> {
    await this.#series.end();
    await this.#handlers.idle();
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error), { cause: error });
    this.destroy(this.#failure);
  }

  /** In a tick of its own: what a listener throws is not ours to catch. */
  #tell<Name extends keyof ArchiveWriterEvents>(
    name: Name,
    ...args: ArchiveWriterEvents[Name]
  ): void {
    process.nextTick(() => this.emit(name, ...args));
  }
}
