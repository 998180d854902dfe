import { Writable } from 'node:stream';

import type { RecordInput } from '../codec/record-input.js';
import { asError } from './as-error.js';
import { QueuedBytes } from './queued-bytes.js';

/** What Node gives to be called when something is done, or has failed. */
export type DoneCallback = (error?: Error | null) => void;

/** Node's queue, in records. */
const RECORDS_AHEAD = 1024;

/**
 * A Writable of records that takes one after the other, and holds one back while there is no room: that is
 * the backpressure. Its queue is limited by bytes, too; `drain` tells of either limit.
 */
export abstract class RecordWritable extends Writable {
  readonly #queuedBytes: QueuedBytes;
  /** The record that waits, and what to call when it was taken. */
  #held: { readonly record: RecordInput; readonly callback: DoneCallback } | undefined;
  #awaitsRoom = false;
  #isReleasing = false;

  /** @param maxPendingBytes how many bytes may be in the queue before `write` returns false */
  constructor(maxPendingBytes: number) {
    super({ objectMode: true, highWaterMark: RECORDS_AHEAD });
    this.#queuedBytes = new QueuedBytes(maxPendingBytes);
  }

  /** Whether no record can be taken now; `release` is to be called when that ends. */
  protected abstract isFull(): boolean;

  /** Settles when there is room elsewhere that the next record needs; null when there is now. */
  protected abstract room(): Promise<void> | null;

  /** @throws what the record's callback is to be given */
  protected abstract take(record: RecordInput): void;

  override write(record: RecordInput, callback?: DoneCallback): boolean;
  override write(record: RecordInput, encoding: BufferEncoding, callback?: DoneCallback): boolean;
  override write(record: RecordInput, ...rest: unknown[]): boolean {
    const isWanted: boolean = Reflect.apply(super.write, this, [record, ...rest]);
    // Without a queue it was taken; a stream that has ended takes nothing.
    if (this.writableLength === 0 || this.writableEnded) return isWanted;
    return this.#queuedBytes.add(record) && isWanted;
  }

  override end(callback?: () => void): this;
  override end(record: RecordInput, callback?: () => void): this;
  override end(record: RecordInput, encoding: BufferEncoding, callback?: () => void): this;
  override end(...args: unknown[]): this {
    Reflect.apply(super.end, this, args);
    // `room` may answer otherwise from now on.
    this.release();
    return this;
  }

  override _write(record: RecordInput, _encoding: string, callback: DoneCallback): void {
    if (this.#mustWait()) {
      // Released by `release`. Called back now, records would heap up in a third slab, and so on.
      this.#held = { record, callback };
      return;
    }
    this.#pass(record, callback);
  }

  /** There may be room for the record that waits. */
  protected release(): void {
    if (this.#held === undefined || this.#isReleasing) return;
    this.#isReleasing = true;
    // In a tick of its own: a callback that throws must not end the write or seal that made room.
    process.nextTick(() => {
      this.#isReleasing = false;
      const held = this.#held;
      if (held === undefined || this.#mustWait()) return;
      this.#held = undefined;
      this.#pass(held.record, held.callback);
    });
  }

  /** Gives the record that waits back: it is not taken any more. */
  protected refuse(error: Error): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) process.nextTick(held.callback, error);
  }

  #pass(record: RecordInput, callback: DoneCallback): void {
    let failure: Error | null = null;
    try {
      this.take(record);
    } catch (error) {
      failure = asError(error);
    }
    callback(failure);
    // Node tells of a drained queue itself where it was full by its own count.
    if (this.writableLength > 0 || !this.#queuedBytes.clear() || this.writableNeedDrain) return;
    process.nextTick(() => this.emit('drain'));
  }

  #mustWait(): boolean {
    if (this.isFull()) return true;
    const room = this.room();
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
}
