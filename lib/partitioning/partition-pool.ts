import { asError } from '../errors/as-error.js';
import { nextTick } from '../format/timers.js';
import { Waiters } from '../streams/waiters.js';
import type { ReceiptLevel } from '../writing/receipts/receipt-level.js';
import type { RollingWriteStream } from '../writing/rolling-write-stream.js';
import { Partition } from './partition.js';

export interface PartitionPoolOptions {
  /** How many writers there may be, those included that are ending. */
  readonly maxOpen: number;
  /** Makes the writer of a folder. */
  readonly createWriter: (folder: string) => Promise<RollingWriteStream>;
  /** A writer is closed. */
  readonly onClosed: (folder: string, writer: RollingWriteStream) => void;
  /** A writer has failed, or could not be made. */
  readonly onFailed: (error: unknown) => void;
  /** Fewer bytes wait. */
  readonly onRoom: () => void;
}

/**
 * The partitions that have a writer or records that wait for one. While there is no place for another
 * writer, the ones that were used least recently are ended, as many as are wanted. Only records for
 * partitions without a writer wait meanwhile.
 */
export class PartitionPool {
  readonly #options: PartitionPoolOptions;
  /** By folder, the least recently used first. */
  readonly #partitions = new Map<string, Partition>();
  /** Partitions that want a writer, the one that has waited longest first. */
  readonly #wanting = new Set<Partition>();
  readonly #changes = new Waiters();
  #last: Partition | undefined;
  /** Places that are taken. */
  #taken = 0;
  /** How many of them will soon be free. */
  #closing = 0;
  #waitingBytes = 0;
  #waitingRecords = 0;
  #isEnding = false;
  #isSealing = false;
  #failure: Error | undefined;

  constructor(options: PartitionPoolOptions) {
    this.#options = options;
  }

  /** Bytes of the records that wait for a writer, or for its room. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** How many records wait for a writer, or for its room. */
  get waitingRecords(): number {
    return this.#waitingRecords;
  }

  /** How many writers there are. */
  get open(): number {
    return this.#taken;
  }

  /** All writers, also those that are ending. */
  get writers(): RollingWriteStream[] {
    return this.#all.flatMap(({ writer }) => writer ?? []);
  }

  has(folder: string): boolean {
    return this.#partitions.has(folder);
  }

  /** The partition of a folder, as the one that was used last. */
  use(folder: string): Partition {
    if (this.#last?.folder === folder) return this.#last;
    const partition = this.#partitions.get(folder) ?? this.#create(folder);
    this.#partitions.delete(folder);
    this.#partitions.set(folder, partition);
    this.#last = partition;
    return partition;
  }

  /** Counts the bytes of a record that waits. */
  wait(bytes: number): void {
    this.#waitingBytes += bytes;
    this.#waitingRecords++;
  }

  async flush(until: ReceiptLevel): Promise<void> {
    await Promise.all(this.#all.map((partition) => partition.flush(until)));
  }

  async roll(): Promise<void> {
    await Promise.all(this.#all.map((partition) => partition.roll()));
  }

  /** Ends the writer of a folder, if no record waits for it. */
  closeIdle(folder: string): void {
    const partition = this.#partitions.get(folder);
    if (partition?.isIdle) this.#close(partition);
  }

  /** Seals the open archives of all writers for which no record waits: only then they can be shipped. */
  sealSoon(): void {
    if (this.#isSealing) return;
    this.#isSealing = true;
    // In a tick of its own: a writer asks for it amid a write.
    nextTick(() => {
      const free = this.writers.filter(({ writableLength }) => writableLength === 0);
      void Promise.allSettled(free.map((writer) => writer.roll())).then(() => {
        this.#isSealing = false;
      });
    });
  }

  /** Writes all records that wait, and ends all writers. Settles when they are closed. */
  async end(): Promise<void> {
    this.#isEnding = true;
    for (const partition of this.#all) if (partition.isIdle) this.#close(partition);
    while (this.#partitions.size > 0) await this.#changes.next();
  }

  /** Refuses all records that wait, and destroys all writers. Settles when they are closed. */
  async destroy(error: Error): Promise<void> {
    this.#failure ??= error;
    this.#isEnding = true;
    for (const partition of this.#all) {
      partition.refuse(error);
      this.#wanting.delete(partition);
      if (partition.writer === undefined) this.#forgetIfOver(partition);
      else partition.writer.destroy();
    }
    while (this.#taken > 0) await this.#changes.next();
    this.#partitions.clear();
    this.#changes.wakeAll();
  }

  get #all(): Partition[] {
    return [...this.#partitions.values()];
  }

  #create(folder: string): Partition {
    return new Partition(folder, {
      onTaken: (bytes) => {
        this.#waitingBytes -= bytes;
        this.#waitingRecords--;
        this.#options.onRoom();
      },
      onWanted: (partition) => {
        this.#wanting.add(partition);
        this.#arrange();
      },
      onIdle: (partition) => {
        if (this.#isEnding) this.#close(partition);
        else if (this.#wanting.size > 0) this.#arrange();
      },
    });
  }

  /** Gives free places to partitions that want one, and makes room for the others. */
  #arrange(): void {
    if (this.#failure !== undefined) return;
    for (const partition of this.#wanting) {
      if (this.#taken >= this.#options.maxOpen) break;
      this.#wanting.delete(partition);
      void this.#open(partition);
    }
    let missing = this.#wanting.size - this.#closing;
    if (missing <= 0) return;
    for (const partition of this.#partitions.values()) {
      if (!partition.isIdle) continue;
      this.#close(partition);
      if (--missing === 0) return;
    }
  }

  async #open(partition: Partition): Promise<void> {
    const { createWriter, onClosed, onFailed } = this.#options;
    this.#taken++;
    partition.opening();
    try {
      const writer = await createWriter(partition.folder);
      // Before any record: a writer may fail at once.
      writer.on('error', onFailed);
      writer.once('close', () => {
        this.#free(partition);
        onClosed(partition.folder, writer);
      });
      partition.open(writer);
      if (this.#failure !== undefined) writer.destroy();
      else if (this.#isEnding && partition.isIdle) this.#close(partition);
    } catch (error) {
      partition.refuse(asError(error));
      onFailed(error);
      this.#free(partition);
    }
  }

  #close(partition: Partition): void {
    if (partition.isClosing) return;
    this.#closing++;
    partition.close();
  }

  #free(partition: Partition): void {
    this.#taken--;
    if (partition.isClosing) this.#closing--;
    partition.closed();
    if (this.#failure !== undefined) partition.refuse(this.#failure);
    this.#forgetIfOver(partition);
    this.#arrange();
    this.#changes.wakeAll();
  }

  #forgetIfOver(partition: Partition): void {
    if (!partition.isOver) return;
    this.#partitions.delete(partition.folder);
    if (this.#last === partition) this.#last = undefined;
  }
}
