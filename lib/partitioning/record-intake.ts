import type { Writable } from 'node:stream';

import { isBytes } from '../codec/bytes/is-bytes.js';
import { RecordChecker } from '../codec/record-checker.js';
import { isArchiveRecord } from '../codec/records/archive-record.js';
import { copyRecord } from '../codec/records/copy-record.js';
import { checkFields } from '../codec/records/record-fields.js';
import { type RecordInput, sequenceOf } from '../codec/records/record-input.js';
import { asError } from '../errors/as-error.js';
import { BacklogFullError } from '../errors/backlog-full-error.js';
import { RecordError } from '../errors/record-error.js';
import { nextTick } from '../format/timers.js';
import { keepAlive, keepAliveUntil } from '../streams/keep-alive.js';
import type { DoneCallback } from '../streams/typed-streams.js';
import { Waiters } from '../streams/waiters.js';
import { Barrier, FailedRecord } from '../writing/queue-entries.js';
import { waitingBytesOf } from '../writing/queued-bytes.js';
import type { Receipt } from '../writing/receipts/receipt.js';
import type { RollingWriteSettings } from '../writing/rolling-write-options.js';
import { DeferredReceipt } from './deferred-receipt.js';
import type { Partition, WaitingRecord } from './partition.js';
import type { PartitionPool } from './partition-pool.js';
import type { PartitionTemplate } from './partition-template.js';

/** The arguments of `Writable.write` after the chunk. */
export type WriteArguments = [encoding?: BufferEncoding | DoneCallback, callback?: DoneCallback];

/** An entry of Node's buffer. */
export type IntakeEntry = RecordInput | Barrier | FailedRecord;

export interface RecordIntakeOptions {
  readonly stream: Writable;
  /** `Writable.write` of the stream, which its class overrides. */
  readonly enqueue: (entry: IntakeEntry, ...args: WriteArguments) => boolean;
  readonly template: PartitionTemplate;
  readonly pool: PartitionPool;
  readonly settings: RollingWriteSettings;
  /** With `invalid: 'skip'`: an input was skipped that no partition could be found for. */
  readonly onSkipped: (record: unknown, reason: RecordError) => void;
}

/** Entries that Node has passed on with one callback. */
interface EntryGroup {
  readonly entries: readonly { readonly chunk: IntakeEntry }[];
  next: number;
  /** How many records of the group the partitions are not done with. */
  left: number;
  readonly callback: DoneCallback;
}

/**
 * Takes records for all partitions: finds the partition of each, and gives the record to its writer, or
 * lets it wait there. Holds the callback of Node while too many bytes wait: that is the backpressure.
 */
export class RecordIntake {
  /** Inputs skipped because no partition could be found for them. */
  skipped = 0;
  readonly #options: RecordIntakeOptions;
  readonly #checker: RecordChecker;
  readonly #isAlways: boolean;
  readonly #waiters = new Waiters();
  #held: EntryGroup | undefined;
  #letExit = () => {};
  #owesDrain = false;
  #failure: Error | undefined;

  constructor(options: RecordIntakeOptions) {
    this.#options = options;
    this.#checker = new RecordChecker(options.settings.settings);
    this.#isAlways = options.settings.syncMode === 'always';
  }

  /** Whether `write` has returned false after it took a record. Node knows only its own buffer. */
  get owesDrain(): boolean {
    return this.#owesDrain;
  }

  /** As `Writable.write`. Takes the record at once if none waits in Node's buffer. */
  write(record: RecordInput, encoding?: WriteArguments[0], callback?: DoneCallback): boolean {
    const { enqueue, stream } = this.#options;
    const isPlain = (encoding ?? callback) === undefined && record !== null;
    const isNext = stream.writable && stream.writableLength === 0 && stream.writableCorked === 0;
    if (!isPlain || !isNext || this.#isAlways || this.#isOver) {
      return enqueue(record, encoding, callback) && !this.#owesDrain;
    }
    try {
      this.#take(record, null);
    } catch (error) {
      return enqueue(new FailedRecord(error));
    }
    this.#owesDrain = this.#isOver;
    return !this.#owesDrain;
  }

  /** @throws RecordError; BacklogFullError if too much waits already */
  append(record: RecordInput): Receipt {
    const { pool, settings } = this.#options;
    if (this.#failure !== undefined) throw this.#failure;
    const timed = this.#timed(record);
    const partition = pool.use(this.#folderOf(timed));
    if (partition.isReady && partition.writer !== undefined) {
      try {
        return partition.writer.append(timed);
      } catch (error) {
        // Its writer has no room. There may be room here.
        if (!(error instanceof BacklogFullError)) throw error;
      }
    }
    if (this.#isOver) throw new BacklogFullError(pool.waitingBytes, settings.maxPendingBytes);
    const copy = copyRecord(timed, this.#nowMicros());
    if (settings.sequences === 'given') sequenceOf(copy);
    this.#checker.check(copy);
    const receipt = new DeferredReceipt();
    this.#wait(partition, { record: copy, receipt, callback: null });
    return receipt;
  }

  /** Settles when `append` and `write` have room, or the stream has ended. */
  async ready(): Promise<void> {
    const { stream } = this.#options;
    const isBackedUp = () => this.#isOver || stream.writableNeedDrain;
    while (!stream.destroyed && !stream.writableEnded && isBackedUp()) await this.#change();
  }

  /** Settles when all records so far were given to their partitions. */
  async taken(onTaken: () => void): Promise<void> {
    const { enqueue, stream } = this.#options;
    while (stream.writableEnded && stream.writableLength > 0 && !stream.destroyed) {
      await this.#change();
    }
    if (stream.writableLength === 0) {
      onTaken();
      return;
    }
    await new Promise<void>((resolve, reject) => {
      enqueue(new Barrier(onTaken), (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Takes the entries that Node passes on, and then calls back. */
  takeEntries(entries: readonly { readonly chunk: IntakeEntry }[], callback: DoneCallback): void {
    this.#takeGroup({ entries, next: 0, left: 1, callback });
  }

  /** There may be room for the records that wait in Node's buffer. */
  release(): void {
    this.#waiters.wakeAll();
    if (this.#isOver) return;
    const held = this.#takeHeld();
    if (held !== undefined) nextTick(() => this.#takeGroup(held));
    else if (this.#owesDrain) this.#drain();
  }

  /** Takes no more records: each of them fails with the first such error. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  /** Why no more records are taken, if so. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Refuses the entries that are held: their callback gets the error. */
  refuseHeld(error: Error): void {
    const held = this.#takeHeld();
    if (held !== undefined) nextTick(held.callback, error);
  }

  get #isOver(): boolean {
    return this.#options.pool.waitingBytes > this.#options.settings.maxPendingBytes;
  }

  #takeGroup(group: EntryGroup): void {
    const { callback, entries } = group;
    try {
      for (let entry = entries[group.next]; entry !== undefined; entry = entries[++group.next]) {
        if (this.#isOver && this.#failure === undefined) {
          this.#held = group;
          this.#letExit = keepAlive();
          return;
        }
        this.#takeEntry(entry.chunk, group);
      }
    } catch (error) {
      this.#callBack(callback, asError(error));
      return;
    }
    this.#done(group);
  }

  #takeEntry(entry: IntakeEntry, group: EntryGroup): void {
    if (entry instanceof Barrier) entry.onTaken();
    else if (entry instanceof FailedRecord) throw entry.error;
    else {
      if (this.#isAlways) group.left++;
      this.#take(entry, this.#isAlways ? (error) => this.#done(group, error) : null);
    }
  }

  #done(group: EntryGroup, error?: Error | null): void {
    if (error) this.#callBack(group.callback, error);
    else if (--group.left === 0) this.#callBack(group.callback, null);
  }

  /** @throws RecordError if the record has no partition, and that ends the stream */
  #take(record: RecordInput, callback: DoneCallback | null): void {
    if (this.#failure !== undefined) throw this.#failure;
    const { onSkipped, pool, settings } = this.#options;
    try {
      const timed = this.#timed(record);
      const partition = pool.use(this.#folderOf(timed));
      if (partition.isReady) partition.write(timed, callback);
      else {
        const copy = copyRecord(timed, this.#nowMicros());
        this.#wait(partition, { record: copy, receipt: null, callback });
      }
    } catch (error) {
      if (settings.invalid === 'fail' || !(error instanceof RecordError)) throw error;
      this.skipped++;
      onSkipped(record, error);
      callback?.();
    }
  }

  #wait(partition: Partition, entry: Omit<WaitingRecord, 'bytes'>): void {
    const bytes = waitingBytesOf(entry.record);
    this.#options.pool.wait(bytes);
    partition.add({ ...entry, bytes });
  }

  #folderOf(record: RecordInput): string {
    return this.#options.template.folderOf(record, this.#nowMicros());
  }

  #nowMicros(): number {
    return Math.round(this.#options.settings.clock.now() * 1000);
  }

  /** A record with a time, if its folder depends on that: its writer would give it a later one. */
  #timed(record: RecordInput): RecordInput {
    if (!this.#options.template.hasDates) return record;
    if (typeof record === 'string' || isBytes(record)) {
      return { payload: record, timeMicros: this.#nowMicros() };
    }
    if (typeof record !== 'object' || record === null || isArchiveRecord(record)) return record;
    if ((record.timeMicros ?? record.time) !== undefined) return record;
    // The writer would not see a misspelt field of the record.
    checkFields(record);
    const { metadata, payload, sequence } = record;
    return { metadata, payload, sequence, timeMicros: this.#nowMicros() };
  }

  #takeHeld(): EntryGroup | undefined {
    const held = this.#held;
    this.#held = undefined;
    this.#letExit();
    return held;
  }

  #callBack(callback: DoneCallback, failure: Error | null): void {
    callback(failure);
    this.#drain();
  }

  /** Emits `drain` if `write` has returned false and no record waits any more. */
  #drain(): void {
    const { stream } = this.#options;
    if (stream.writableLength > 0 || !this.#owesDrain) return;
    this.#owesDrain = false;
    // Node itself emits it if the buffer was full by its own count.
    if (stream.writableNeedDrain || stream.writableEnded || stream.destroyed) return;
    nextTick(() => stream.emit('drain'));
  }

  async #change(): Promise<void> {
    const { stream } = this.#options;
    const wake = () => this.#waiters.wakeAll();
    stream.on('drain', wake).on('close', wake);
    await keepAliveUntil(this.#waiters.next());
    stream.off('drain', wake).off('close', wake);
  }
}
