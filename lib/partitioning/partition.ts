import type { RecordInput } from '../codec/records/record-input.js';
import { BacklogFullError } from '../errors/backlog-full-error.js';
import type { DoneCallback } from '../streams/typed-streams.js';
import type { ReceiptLevel } from '../writing/receipts/receipt-level.js';
import type { RollingWriteStream } from '../writing/rolling-write-stream.js';
import type { DeferredReceipt } from './deferred-receipt.js';

/** A record that waits for the writer of its partition. */
export interface WaitingRecord {
  readonly record: RecordInput;
  readonly bytes: number;
  /** Null for a record that was written, not appended. */
  readonly receipt: DeferredReceipt | null;
  /** Called when the writer is done with a record that was written, if the caller waits for that. */
  readonly callback: DoneCallback | null;
}

/** Work to do in its turn among the records that wait. */
interface Step {
  readonly take: (writer: RollingWriteStream) => void;
  readonly refuse: (error: Error) => void;
}

/** So many entries that were taken are forgotten at once, because each time the others move. */
const FORGOTTEN_ENTRIES = 1024;

export interface PartitionListener {
  /** A record does not wait any more. */
  onTaken(bytes: number): void;
  /** Records wait, but there is no writer. */
  onWanted(partition: Partition): void;
  /** No record waits any more. */
  onIdle(partition: Partition): void;
}

/**
 * The records of one folder on their way to its writer, which comes and goes. They wait, in their
 * order, while there is no writer, or while it has no room.
 */
export class Partition {
  readonly folder: string;
  readonly #listener: PartitionListener;
  #waiting: (WaitingRecord | Step)[] = [];
  #next = 0;
  #writer: RollingWriteStream | undefined;
  #state: 'closed' | 'wanted' | 'opening' | 'open' | 'blocked' | 'closing' = 'closed';

  constructor(folder: string, listener: PartitionListener) {
    this.folder = folder;
    this.#listener = listener;
  }

  /** The writer while there is one, also one that is ending. */
  get writer(): RollingWriteStream | undefined {
    return this.#writer;
  }

  /** Whether a record can be given to the writer at once. */
  get isReady(): boolean {
    return this.#state === 'open' && this.#next === this.#waiting.length;
  }

  /** Whether the writer may be closed, so that another partition gets its place. */
  get isIdle(): boolean {
    const isOpen = this.#state === 'open' || this.#state === 'blocked';
    return isOpen && this.#next === this.#waiting.length;
  }

  get isClosing(): boolean {
    return this.#state === 'closing';
  }

  /** Whether there is neither a writer nor anything that waits for one. */
  get isOver(): boolean {
    return this.#state === 'closed' && this.#next === this.#waiting.length;
  }

  /** Adds a record, or a step that is taken when all records before it were given to the writer. */
  add(entry: WaitingRecord | Step): void {
    this.#waiting.push(entry);
    if (this.#state === 'closed') {
      this.#state = 'wanted';
      this.#listener.onWanted(this);
    } else if (this.#state === 'open') {
      this.#feed();
    }
  }

  /** A place for a writer is taken, and the writer is being made. */
  opening(): void {
    this.#state = 'opening';
  }

  open(writer: RollingWriteStream): void {
    this.#writer = writer;
    this.#state = 'open';
    writer.on('drain', () => this.#unblock());
    this.#feed();
  }

  /** Gives a record to the writer, which must be ready. */
  write(record: RecordInput, callback: DoneCallback | null): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    if (callback !== null) writer.write(record, callback);
    else writer.write(record);
    if (writer.writableNeedDrain) this.#state = 'blocked';
  }

  /** Ends the writer. Records that come meanwhile wait for the next one. */
  close(): void {
    this.#state = 'closing';
    this.#writer?.end();
  }

  /** The writer is closed. */
  closed(): void {
    this.#writer = undefined;
    this.#state = 'closed';
    if (this.#next === this.#waiting.length) return;
    this.#state = 'wanted';
    this.#listener.onWanted(this);
  }

  /** Settles when all records so far are as safe as that. */
  async flush(until: ReceiptLevel): Promise<void> {
    await this.#inTurn((writer) => writer.flush({ until }));
  }

  /** Settles when all records so far are in sealed archives, and handlers are done with these. */
  async roll(): Promise<void> {
    await this.#inTurn((writer) => writer.roll());
  }

  /** Refuses all records that wait. */
  refuse(error: Error): void {
    const left = this.#waiting.slice(this.#next);
    [this.#waiting, this.#next] = [[], 0];
    for (const entry of left) {
      if ('take' in entry) {
        entry.refuse(error);
        continue;
      }
      entry.receipt?.reject(error);
      entry.callback?.(error);
      this.#listener.onTaken(entry.bytes);
    }
  }

  async #inTurn(step: (writer: RollingWriteStream) => Promise<void>): Promise<void> {
    const writer = this.#writer;
    if (this.#next < this.#waiting.length) {
      await new Promise<void>((resolve, reject) => {
        this.add({ take: (next) => void step(next).then(resolve, reject), refuse: reject });
      });
    } else if (this.#state === 'closing' && writer !== undefined) {
      if (!writer.closed) await new Promise<void>((resolve) => writer.once('close', resolve));
    } else if (writer !== undefined) {
      await step(writer);
    }
  }

  #feed(): void {
    for (;;) {
      const entry = this.#state === 'open' ? this.#waiting[this.#next] : undefined;
      if (entry === undefined) break;
      if (!this.#give(entry)) return;
      this.#next++;
      if (!('take' in entry)) this.#listener.onTaken(entry.bytes);
      if (this.#next >= FORGOTTEN_ENTRIES && 2 * this.#next >= this.#waiting.length) {
        this.#waiting.splice(0, this.#next);
        this.#next = 0;
      }
    }
    if (this.#next < this.#waiting.length) return;
    [this.#waiting, this.#next] = [[], 0];
    if (this.isIdle) this.#listener.onIdle(this);
  }

  /** @returns whether the entry was given; if not, the partition is blocked */
  #give(entry: WaitingRecord | Step): boolean {
    const writer = this.#writer;
    if (writer === undefined) return false;
    if ('take' in entry) entry.take(writer);
    else if (entry.receipt === null) this.write(entry.record, entry.callback);
    else {
      try {
        entry.receipt.accept(writer.append(entry.record));
      } catch (error) {
        if (error instanceof BacklogFullError) {
          this.#state = 'blocked';
          void writer.ready().then(() => this.#unblock());
          return false;
        }
        entry.receipt.reject(error);
      }
    }
    return true;
  }

  #unblock(): void {
    if (this.#state !== 'blocked') return;
    this.#state = 'open';
    this.#feed();
  }
}
