import type { Writable } from 'node:stream';

import type { FormatSettings } from '../codec/create-record-encoder.js';
import { RecordChecker } from '../codec/record-checker.js';
import { copyRecord } from '../codec/records/copy-record.js';
import { type RecordInput, sequenceOf } from '../codec/records/record-input.js';
import { asError } from '../errors/as-error.js';
import { BacklogFullError } from '../errors/backlog-full-error.js';
import { RecordError } from '../errors/record-error.js';
import { SpoolFullError } from '../errors/spool-full-error.js';
import { nextTick } from '../format/timers.js';
import type { Clock } from '../streams/clock.js';
import { keepAlive, keepAliveUntil } from '../streams/keep-alive.js';
import type { DoneCallback } from '../streams/typed-streams.js';
import { Waiters } from '../streams/waiters.js';
import type { GivenSequences } from './given-sequences.js';
import type { PendingArchives } from './pending-archives.js';
import { Barrier, FailedRecord } from './queue-entries.js';
import { QueuedBytes } from './queued-bytes.js';
import type { PendingReceipt, ReceiptAnchor } from './receipts/receipt.js';
import type { Roller } from './rolling/roller.js';

export interface RecordQueueOptions {
  /** The Writable whose buffer holds the records that wait. */
  readonly stream: Writable;
  /** `Writable.write` of the stream, which its class overrides. */
  readonly enqueue: (entry: QueueEntry, ...args: WriteArguments) => boolean;
  readonly roller: Roller;
  readonly pending: PendingArchives;
  readonly settings: FormatSettings;
  readonly clock: Clock;
  readonly maxPendingBytes: number;
  readonly invalid: 'fail' | 'skip';
  /** With `invalid: 'skip'`: an input was skipped. */
  readonly onSkipped: (record: unknown, reason: RecordError) => void;
  /** Takes records that bring their own sequences; undefined if the writer numbers them. */
  readonly sequences?: GivenSequences | undefined;
  /** Syncs all records so far, which callbacks then wait for; null if they do not wait. */
  readonly sync: (() => Promise<void>) | null;
}

/** The arguments of `Writable.write` after the chunk. */
export type WriteArguments = [encoding?: BufferEncoding | DoneCallback, callback?: DoneCallback];

/** An entry of Node's buffer. */
export type QueueEntry = RecordInput | QueuedAppend | FailedRecord | Barrier;

/** A record that was appended while others waited. */
class QueuedAppend {
  readonly record: RecordInput;
  readonly receipt: PendingReceipt;

  constructor(record: RecordInput, receipt: PendingReceipt) {
    this.record = record;
    this.receipt = receipt;
  }
}

/** Entries that Node has passed on with one callback. */
interface EntryGroup {
  readonly entries: readonly { readonly chunk: QueueEntry }[];
  /** The first entry that was not taken yet. */
  next: number;
  readonly callback: DoneCallback;
}

/**
 * Decides whether a writer takes a record now or later. If no record waits, it encodes the record
 * at once, bypassing Node's buffer. While there is no room, records wait in that buffer, and the
 * callback of the first is held: that is the backpressure. Node limits the records in the buffer;
 * this class also limits their bytes.
 */
export class RecordQueue {
  /** Inputs skipped because they were not records. */
  skipped = 0;
  readonly #options: RecordQueueOptions;
  readonly #stream: Writable;
  readonly #roller: Roller;
  readonly #bytes: QueuedBytes;
  readonly #checker: RecordChecker;
  /** Callers of `ready`. */
  readonly #waiters = new Waiters();
  /** The entries whose callback is held. */
  #held: EntryGroup | undefined;
  /** Lets the process exit. The process stays alive while entries are held. */
  #letExit = () => {};
  /** Whether a record is being encoded at once. A record that its getters write must wait. */
  #isTaking = false;
  #awaitsRoom = false;
  /** Whether `write` has returned false after it took a record, so that `drain` must follow. */
  #owesDrain = false;
  #failure: Error | undefined;

  constructor(options: RecordQueueOptions) {
    this.#options = options;
    this.#stream = options.stream;
    this.#roller = options.roller;
    this.#bytes = new QueuedBytes(options.maxPendingBytes);
    this.#checker = new RecordChecker(options.settings);
  }

  /** Whether `write` has returned false after it took a record. Node knows only its own buffer. */
  get owesDrain(): boolean {
    return this.#owesDrain;
  }

  /** Why no more records are taken, if so. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** As `Writable.write`. Takes the record at once if it can. */
  write(record: RecordInput, encoding?: WriteArguments[0], callback?: DoneCallback): boolean {
    let entry: QueueEntry = record;
    if ((encoding ?? callback) === undefined) {
      try {
        if (this.#takesAtOnce(record)) {
          this.#takeAtOnce(record, null);
          // Without this, a fast source would fill Node's buffer with a thousand records whenever
          // it is faster than the disk, which makes small records a third slower.
          this.#owesDrain = this.#roller.isFull;
          return !this.#owesDrain;
        }
      } catch (error) {
        entry = new FailedRecord(error);
      }
    }
    const isWanted = this.#options.enqueue(entry, encoding, callback);
    // The record waits only if the stream has not ended, and has not taken it by now.
    if (this.#stream.writableLength === 0 || this.#stream.writableEnded) return isWanted;
    return this.#bytes.add(record) && isWanted && !this.#owesDrain;
  }

  /**
   * Takes a record now, or a copy of it after the records that wait.
   *
   * @throws RecordError for what is not a record; BacklogFullError or SpoolFullError if there is no
   *   room
   */
  append(record: RecordInput, receipt: PendingReceipt): void {
    const { bytes, isOver, most } = this.#bytes;
    if (isOver) throw new BacklogFullError(bytes, most);
    const isNext = this.#stream.writableLength === 0 && !this.#isTaking;
    if (isNext && !this.#lacksRoom() && !this.#awaitsSequences(record)) {
      // Taken even if a slab waits for the disk: Node's buffer would take ten times as long.
      if (this.#roller.isFull && this.#roller.waitingBytes > most) {
        throw new BacklogFullError(this.#roller.waitingBytes, most);
      }
      this.#takeAtOnce(record, receipt);
      return;
    }
    const copy = copyRecord(record, Math.round(this.#options.clock.now() * 1000));
    if (this.#options.sequences !== undefined) sequenceOf(copy);
    this.#checker.check(copy);
    this.#options.enqueue(new QueuedAppend(copy, receipt), (error) => {
      if (error) receipt.reject(error);
    });
    this.#bytes.add(copy);
  }

  /**
   * Settles when all records so far were taken. Rejects if the stream fails before.
   *
   * @param onTaken called then, before any later record is taken
   */
  async taken(onTaken: () => void = () => {}): Promise<void> {
    const stream = this.#stream;
    // No entry may follow the end.
    while (stream.writableEnded && stream.writableLength > 0 && !stream.destroyed) {
      await this.#change();
    }
    if (stream.writableLength === 0) {
      onTaken();
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const barrier = new Barrier(onTaken);
      this.#options.enqueue(barrier, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Settles when `append` and `write` have room, or the stream has ended. */
  async ready(): Promise<void> {
    const stream = this.#stream;
    while (!stream.destroyed && !stream.writableEnded && this.#isBackedUp) await this.#change();
  }

  /** Takes the entries that Node passes on, and then calls back; after a sync, if so chosen. */
  takeEntries(entries: readonly { readonly chunk: QueueEntry }[], callback: DoneCallback): void {
    this.#takeGroup({ entries, next: 0, callback });
  }

  /** There may be room for the records that wait. */
  release(): void {
    this.#waiters.wakeAll();
    if (this.#held === undefined) {
      if (this.#owesDrain && !this.#roller.isFull) this.#drain();
      return;
    }
    // In a tick of its own: a callback that throws must not end the write or seal that made room.
    nextTick(() => {
      const held = this.#takeHeld();
      if (held !== undefined) this.#takeGroup(held);
    });
  }

  /** Takes no more records: each of them fails with the first such error. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  /** Refuses the entries that are held: their callback gets the error. */
  refuseHeld(error: Error): void {
    const held = this.#takeHeld();
    if (held !== undefined) nextTick(held.callback, error);
  }

  get #isBackedUp(): boolean {
    return this.#roller.isFull || this.#bytes.isOver || this.#stream.writableNeedDrain;
  }

  /** Whether a record has nothing to wait for, and its callback no sync to share. */
  #takesAtOnce(record: RecordInput): boolean {
    const stream = this.#stream;
    if (this.#options.sync !== null || !stream.writable || stream.writableLength > 0) return false;
    return record !== null && stream.writableCorked === 0 && !this.#mustWait(record);
  }

  /** Bypasses Node's buffer, which saves 7 to 12 % of the time of writing small records. */
  #takeAtOnce(record: RecordInput, receipt: PendingReceipt | null): void {
    this.#isTaking = true;
    try {
      if (receipt === null) this.#takeWritten(record);
      else this.#takeAppended(record, receipt);
    } finally {
      this.#isTaking = false;
      // Records that a getter of this one has written come next.
      if (this.#held !== undefined) this.release();
    }
  }

  #takeGroup(group: EntryGroup): void {
    const { callback, entries } = group;
    try {
      for (let entry = entries[group.next]; entry !== undefined; entry = entries[++group.next]) {
        if (this.#takeEntry(entry.chunk)) continue;
        // Held until `release`: after its callback Node would pass on more, into a third slab, and
        // on.
        this.#hold(group);
        return;
      }
    } catch (error) {
      this.#callBack(callback, asError(error));
      return;
    }
    const { sync } = this.#options;
    if (sync === null) this.#callBack(callback, null);
    else {
      sync().then(
        () => this.#callBack(callback, null),
        (error) => this.#callBack(callback, asError(error)),
      );
    }
  }

  #hold(group: EntryGroup): void {
    this.#held = group;
    this.#letExit = keepAlive();
  }

  #takeHeld(): EntryGroup | undefined {
    const held = this.#held;
    this.#held = undefined;
    this.#letExit();
    return held;
  }

  /** @returns whether the entry was taken; false if it has to wait */
  #takeEntry(entry: QueueEntry): boolean {
    if (entry instanceof Barrier) {
      entry.onTaken();
      return true;
    }
    if (entry instanceof FailedRecord) throw entry.error;
    if (entry instanceof QueuedAppend) return this.#takeQueuedAppend(entry);
    if (this.#mustWait(entry)) return false;
    this.#takeWritten(entry);
    return true;
  }

  #takeQueuedAppend({ receipt, record }: QueuedAppend): boolean {
    try {
      if (this.#mustWait(record)) return false;
      this.#takeAppended(record, receipt);
    } catch (error) {
      // The receipt reports that there was no room. There may be room for the other records.
      if (!(error instanceof SpoolFullError)) throw error;
      receipt.reject(error);
    }
    return true;
  }

  #takeWritten(record: RecordInput): void {
    try {
      this.#take(record);
    } catch (error) {
      if (this.#options.invalid === 'fail' || !(error instanceof RecordError)) throw error;
      this.skipped++;
      this.#options.onSkipped(record, error);
    }
  }

  #takeAppended(record: RecordInput, receipt: PendingReceipt): void {
    receipt.accept(this.#take(record) ?? this.#roller.lastAnchor());
  }

  /** @returns where the record is, if its sequence was given */
  #take(record: RecordInput): ReceiptAnchor | undefined {
    // Its bytes would not reach the disk any more.
    if (this.#failure !== undefined) throw this.#failure;
    const { sequences } = this.#options;
    if (sequences !== undefined) return sequences.take(record);
    this.#roller.add(record);
    return undefined;
  }

  /** Whether the record must wait for the lookup of the sequences that the series holds. */
  #awaitsSequences(record: RecordInput): boolean {
    return this.#options.sequences?.mustWait(record) === true;
  }

  #callBack(callback: DoneCallback, failure: Error | null): void {
    callback(failure);
    this.#drain();
  }

  /** Emits `drain` if `write` has returned false and no record waits any more. */
  #drain(): void {
    const stream = this.#stream;
    if (stream.writableLength > 0) return;
    const isOwed = this.#bytes.clear() || this.#owesDrain;
    this.#owesDrain = false;
    // Node itself emits it if the buffer was full by its own count.
    if (!isOwed || stream.writableNeedDrain || stream.writableEnded || stream.destroyed) return;
    nextTick(() => stream.emit('drain'));
  }

  /** @throws SpoolFullError */
  #mustWait(record: RecordInput): boolean {
    if (this.#isTaking || this.#roller.isFull || this.#lacksRoom()) return true;
    return this.#awaitsSequences(record);
  }

  /**
   * Whether the disk's budget is used up. After the end it never is: what was written must be
   * sealed.
   *
   * @throws SpoolFullError if so, and the user chose that over waiting
   */
  #lacksRoom(): boolean {
    const room = this.#stream.writableEnded ? null : this.#options.pending.room();
    if (room === null) return false;
    if (!this.#awaitsRoom) {
      this.#awaitsRoom = true;
      void room.then(() => {
        this.#awaitsRoom = false;
        this.release();
      });
    }
    return true;
  }

  /** Settles when there may be room, or the stream is closed. */
  async #change(): Promise<void> {
    const wake = () => this.#waiters.wakeAll();
    this.#stream.on('drain', wake).on('close', wake);
    await keepAliveUntil(this.#waiters.next());
    this.#stream.off('drain', wake).off('close', wake);
  }
}
