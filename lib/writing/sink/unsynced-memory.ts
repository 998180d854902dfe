import { Waiters } from '../../streams/waiters.js';

/** How many slabs may wait to be hashed. More would not make writing faster. */
const MOST_PASSING = 4;

/**
 * The memory of the bytes that a writer has written to its archives and not yet synced. Until a
 * sync has succeeded, the file may turn out not to hold them.
 */
export class UnsyncedMemory {
  readonly #mostBytes: number;
  readonly #onFree: (bytes: Buffer) => void;
  #bytes = 0;
  readonly #waiters = new Waiters();
  readonly #passing: Promise<void>[] = [];
  readonly #syncs = new Set<() => void>();

  /**
   * @param mostBytes limit at which writing waits for a sync
   * @param onFree called with memory that is free to be reused
   */
  constructor(mostBytes: number, onFree: (bytes: Buffer) => void) {
    this.#mostBytes = mostBytes;
    this.#onFree = onFree;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#mostBytes;
  }

  /** Whether it is time to begin a sync, so that it ends before the memory is full. */
  get isHalfFull(): boolean {
    return 2 * this.#bytes >= this.#mostBytes;
  }

  /** Keeps `bytes`, possibly as a copy. Returns the buffer that `release` expects later. */
  keep(bytes: Buffer): Buffer {
    const kept = this.#withoutWaste(bytes);
    this.#bytes += kept.buffer.byteLength;
    return kept;
  }

  release(kept: Buffer): void {
    this.#bytes -= kept.buffer.byteLength;
    this.#onFree(kept);
    this.#waiters.wakeAll();
  }

  /**
   * Frees bytes that need not be kept, as soon as they are hashed. Settles when the caller may pass
   * more: hashing may be slower than the disk.
   *
   * @param hashed settles when `bytes` are hashed, and never rejects; null if they are hashed
   *   already
   */
  async pass(bytes: Buffer, hashed: Promise<void> | null): Promise<void> {
    if (hashed === null) {
      this.#onFree(bytes);
      return;
    }
    this.#passing.push(hashed.then(() => this.#onFree(bytes)));
    if (this.#passing.length > MOST_PASSING) await this.#passing.shift();
  }

  /** Settles at the next `release` or `wake`. */
  async released(): Promise<void> {
    await this.#waiters.next();
  }

  /** Wakes the callers of `released`: one of them has failed, and must not wait any more. */
  wake(): void {
    this.#waiters.wakeAll();
  }

  /** Has all writers that share the memory sync what they have written. */
  syncAll(): void {
    for (const sync of this.#syncs) sync();
  }

  /**
   * Adds a writer that uses the memory.
   *
   * @param sync begins to sync what the writer has written
   * @returns removes the writer
   */
  join(sync: () => void): () => void {
    this.#syncs.add(sync);
    return () => this.#syncs.delete(sync);
  }

  /**
   * Copies a few bytes out of a large slab, which would otherwise be occupied until the next sync.
   */
  #withoutWaste(bytes: Buffer): Buffer {
    if (2 * bytes.length >= bytes.buffer.byteLength) return bytes;
    const copy = Buffer.allocUnsafeSlow(bytes.length);
    bytes.copy(copy);
    this.#onFree(bytes);
    return copy;
  }
}

/** The bytes of one archive that are written and not yet synced, in order. */
export class UnsyncedBytes {
  readonly #memory: UnsyncedMemory;
  #pieces: Buffer[] = [];
  /** How many pieces were released. */
  #released = 0;

  constructor(memory: UnsyncedMemory) {
    this.#memory = memory;
  }

  /** How many pieces were ever added: the mark that `release` expects once they are synced. */
  get end(): number {
    return this.#released + this.#pieces.length;
  }

  /** Each piece is valid until it is released. */
  get pieces(): readonly Buffer[] {
    return this.#pieces;
  }

  add(bytes: Buffer): void {
    this.#pieces.push(this.#memory.keep(bytes));
  }

  /** Releases the pieces before the mark `end`, which are synced. */
  release(end: number): void {
    const count = Math.max(0, end - this.#released);
    const released = this.#pieces.splice(0, count);
    this.#released += released.length;
    for (const piece of released) this.#memory.release(piece);
  }
}
