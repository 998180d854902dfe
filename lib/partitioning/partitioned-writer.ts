import { addAbortSignal, Writable, type WritableOptions } from 'node:stream';

import type { RecordInput } from '../codec/records/record-input.js';
import { asError } from '../errors/as-error.js';
import { nextTick } from '../format/timers.js';
import type { SeriesPattern } from '../series/listing/series-patterns.js';
import { keepAliveUntil } from '../streams/keep-alive.js';
import type { WritableEvents } from '../streams/typed-events.js';
import type { DoneCallback, TypedWritable } from '../streams/typed-streams.js';
import { untilAborted } from '../streams/until-aborted.js';
import {
  type CloseOptions,
  type CloseResult,
  type FlushOptions,
  parseCloseOptions,
  parseFlushOptions,
} from '../writing/close-options.js';
import { checkNotEnded, endAndClose, wasDestroyed } from '../writing/end-and-close.js';
import { EndWait } from '../writing/end-wait.js';
import { RECORDS_AHEAD } from '../writing/queued-bytes.js';
import type { Receipt } from '../writing/receipts/receipt.js';
import { createUnheardWarnings } from '../writing/unheard-warnings.js';
import type { WriterStats } from '../writing/writer-stats.js';
import { partitionPatterns } from './partition-patterns.js';
import { PartitionPool } from './partition-pool.js';
import { PartitionRecovery } from './partition-recovery.js';
import { PartitionWriters } from './partition-writers.js';
import type { PartitionedWriterEvents } from './partitioned-writer-events.js';
import {
  type PartitionedWriterOptions,
  parsePartitionedWriterOptions,
} from './partitioned-writer-options.js';
import { type IntakeEntry, RecordIntake } from './record-intake.js';

/** Counts of a partitioned writer's work so far. */
export interface PartitionedWriterStats extends WriterStats {
  /** How many partitions have a writer now, at most `maxOpen`. */
  readonly openPartitions: number;
}

interface AllEvents extends PartitionedWriterEvents, WritableEvents {}

/** Writable itself, with types for the events. */
const PartitionedWritable: new (options?: WritableOptions) => TypedWritable<AllEvents> = Writable;

/**
 * A Writable of records that puts each into the archives of its partition, a folder below one
 * directory. Each partition has a `RollingWriteStream` while it is in use. When more than `maxOpen`
 * are wanted, the one that was written to least recently seals its archive and ends; records for
 * other partitions are taken meanwhile. Records keep their order within a partition.
 *
 * Everything else is as for a single writer: receipts, backpressure, `flush`, `close`, the limit of
 * the spool, and the events, which name the `partition`. Archives that earlier writers left in any
 * partition are recovered and shipped.
 */
export class PartitionedWriter extends PartitionedWritable {
  /** The glob that reads all partitions back, in whatever state their archives are. */
  readonly pattern: string;
  /** All patterns under which archives may be: the partitions, and wherever shipping takes them. */
  readonly patterns: readonly SeriesPattern[];
  readonly #endWait: EndWait;
  readonly #writers: PartitionWriters;
  readonly #pool: PartitionPool;
  readonly #recovery: PartitionRecovery;
  readonly #intake: RecordIntake;
  readonly #opened: Promise<void>;
  readonly #unheard = createUnheardWarnings();

  /** @throws TemplateError, RangeError or TypeError for an option that makes no sense */
  constructor(options: PartitionedWriterOptions) {
    const settings = parsePartitionedWriterOptions(options);
    super({ objectMode: true, highWaterMark: RECORDS_AHEAD });
    const { endTimeoutMs, maxOpen, partition, writer } = settings;
    const { clock, files, signal, syncMode, template } = writer;
    this.patterns = partitionPatterns(settings);
    this.pattern = String(this.patterns[0]);
    this.#endWait = new EndWait(clock, endTimeoutMs, () => this.#giveUp());
    this.#writers = new PartitionWriters(settings, {
      report: (name, ...args) => this.#report(name, ...args),
      onFull: () => this.#pool.sealSoon(),
      isInUse: (folder) => this.#pool.has(folder),
      onOver: (folder) => this.#pool.closeIdle(folder),
    });
    this.#pool = new PartitionPool({
      maxOpen,
      createWriter: async (folder) => {
        await this.#opened;
        return await this.#writers.open(folder, () => this.#recovery.claim(folder));
      },
      onClosed: (folder, closed) => this.#writers.closed(folder, closed),
      onFailed: (error) => this.#fail(error),
      onRoom: () => this.#intake.release(),
    });
    this.#recovery = new PartitionRecovery({
      folders: this.#writers.folders,
      concurrency: maxOpen,
      pattern: template.pattern,
      files,
      clock,
      signal: this.#endWait.overdue,
      takeLeft: (folder) => this.#writers.takeLeft(folder),
      recover: (folder) => this.#writers.recover(folder, this.#endWait.overdue),
      onRecovered: (folder) => this.#writers.removeIfEmpty(folder),
      onFailed: (folder, error) => this.#writers.failed(folder, 'recover', error),
    });
    this.#intake = new RecordIntake({
      stream: this,
      enqueue: (...args) => Reflect.apply(super.write, this, args),
      template: partition,
      pool: this.#pool,
      settings: writer,
      onSkipped: (record, reason) => this.#report('invalid', { record, reason }),
    });
    if (syncMode === 'always') {
      this._writev = (entries, callback) => this.#intake.takeEntries(entries, callback);
    }
    this.#opened = this.#writers.start().then(
      () => this.#recovery.start(),
      (error) => this.#fail(error),
    );
    // Last, and not by Node's option `signal`: an aborted one destroys the stream at once.
    if (signal !== undefined) addAbortSignal(signal, this);
  }

  /** Declared on the class for speed: see `TypedWritable`. */
  override get writableNeedDrain(): boolean {
    return this.#intake.owesDrain || super.writableNeedDrain;
  }

  /**
   * Takes a record, and gives a receipt that says how safe it is, as `RollingWriteStream.append`. The
   * record may wait for its partition's writer; its copy then does.
   *
   * @throws RecordError for what is not a record, or makes no folder; BacklogFullError when too much
   *   waits already: `await ready()` first; SpoolFullError with `whenFull: 'error'`; ArchiveError
   *   `ERR_ENDED` after the end
   */
  append(record: RecordInput): Receipt {
    checkNotEnded(this);
    return this.#intake.append(record);
  }

  override write(record: RecordInput, callback?: DoneCallback): boolean;
  override write(record: RecordInput, encoding: BufferEncoding, callback?: DoneCallback): boolean;
  override write(
    record: RecordInput,
    encoding?: BufferEncoding | DoneCallback,
    callback?: DoneCallback,
  ): boolean {
    return this.#intake.write(record, encoding, callback);
  }

  /** Settles when `append` and `write` have room, or the stream has ended. */
  async ready(): Promise<void> {
    await this.#intake.ready();
  }

  /**
   * Settles when all records so far have reached a level: by default, when they are on disk.
   *
   * @throws TypeError for an unknown level or option; what ended the stream before that;
   *   ArchiveError `ERR_NOT_SHIPPED` for `shipped` without `ship`
   */
  async flush(options?: FlushOptions): Promise<void> {
    const until = parseFlushOptions(options);
    await this.#inTurn(() => this.#pool.flush(until));
    if (until === 'shipped') await this.#writers.receipts.all();
  }

  /**
   * Seals the open archives of all partitions, with all records before the call. Settles when they are
   * sealed, listeners were called, and handlers are done with them.
   *
   * @throws what ended the stream; the rejection needs no handler
   */
  roll(): Promise<void> {
    const rolled = keepAliveUntil(this.#inTurn(() => this.#pool.roll()));
    rolled.catch(() => undefined);
    return rolled;
  }

  override end(callback?: () => void): this;
  override end(record: RecordInput, callback?: () => void): this;
  override end(record: RecordInput, encoding: BufferEncoding, callback?: () => void): this;
  override end(...args: unknown[]): this {
    Reflect.apply(super.end, this, args);
    this.#endWait.begin();
    return this;
  }

  /**
   * Ends the stream as `end` does, but it is no error if the store does not take everything in time.
   *
   * @throws what ended the stream before, or ends it now; ArchiveError with the code
   *   `ERR_DESTROYED` when it was destroyed before all was written
   */
  async close(options?: CloseOptions): Promise<CloseResult> {
    this.#endWait.limit(parseCloseOptions(options).deadlineMs);
    this.#endWait.allowLeft();
    await endAndClose(this);
    const state = this.#writers.shippingState();
    const left = [...(state?.left ?? []), ...this.#writers.unfinished];
    const reason = state?.error ?? (left.length > 0 ? this.#endWait.expired : undefined);
    const counts = { shipped: state?.shipped ?? 0, left };
    return reason === undefined ? counts : { ...counts, reason };
  }

  /** As `close`. Node's default would drop the records that wait. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Sums over all partitions, those included that are closed. */
  stats(): PartitionedWriterStats {
    const sums = this.#writers.stats(this.#pool.writers);
    return {
      ...sums,
      skipped: sums.skipped + this.#intake.skipped,
      pendingRecords: sums.pendingRecords + this.writableLength + this.#pool.waitingRecords,
      openPartitions: this.#pool.open,
    };
  }

  override _write(chunk: IntakeEntry, _encoding: string, callback: DoneCallback): void {
    this.#intake.takeEntries([{ chunk }], callback);
  }

  override _final(callback: DoneCallback): void {
    keepAliveUntil(this.#finish()).then(() => callback(), callback);
  }

  override _destroy(error: Error | null, callback: DoneCallback): void {
    this.#endWait.cut();
    this.#intake.refuseHeld(error ?? wasDestroyed());
    const settled = keepAliveUntil(this.#settle()).finally(() => this.#endWait.end());
    settled.then(
      () => callback(error ?? this.#intake.failure),
      (failure) => callback(error ?? failure),
    );
  }

  /** Emits an event in a tick of its own: a listener's error must not end the writer's work. */
  #report<Name extends keyof PartitionedWriterEvents>(
    name: Name,
    ...args: PartitionedWriterEvents[Name]
  ): void {
    nextTick(() => {
      if (this.emit(name, ...args)) return;
      const warn: unknown = this.#unheard[name];
      if (typeof warn === 'function') Reflect.apply(warn, undefined, args);
    });
  }

  async #inTurn(step: () => Promise<void>): Promise<void> {
    let done = Promise.resolve();
    await this.#intake.taken(() => {
      done = step();
      done.catch(() => undefined);
    });
    await done;
    const { failure } = this.#intake;
    if (failure !== undefined) throw failure;
  }

  async #finish(): Promise<void> {
    await this.#opened;
    await untilAborted(this.#recovery.idle(), this.#endWait.overdue);
    await this.#pool.end();
    const { failure } = this.#intake;
    if (failure !== undefined) throw failure;
    this.#report('drained');
    const { line, manifests } = this.#writers;
    if (line !== undefined) await this.#endWait.ship(line);
    if (manifests !== undefined) await untilAborted(manifests.finish(), this.#endWait.overdue);
  }

  /** Seals what was accepted. */
  async #settle(): Promise<void> {
    const { overdue } = this.#endWait;
    const why = () => this.#intake.failure ?? this.errored ?? wasDestroyed();
    await this.#opened;
    if (!this.writableFinished) {
      await untilAborted(this.#pool.end(), overdue);
      await this.#pool.destroy(why());
    }
    await this.#writers.stop(overdue, this.#recovery.stop());
    this.#writers.receipts.end(why());
  }

  /** The time is up: a writer must not wait for its disk, or for anything after a deadline. */
  #giveUp(): void {
    const { aborted } = this.#endWait.overdue;
    this.#writers.giveUp();
    for (const writer of this.#pool.writers) {
      if (aborted || this.destroyed || writer.stats().stalled !== null) {
        // What ends it is reported by its event.
        writer.close({ deadlineMs: 0 }).catch(() => undefined);
      }
    }
  }

  #fail(error: unknown): void {
    if (this.#intake.failure !== undefined) return;
    const failure = asError(error);
    this.#intake.fail(failure);
    nextTick(() => this.destroy(failure));
  }
}
