import { Waiters } from '../../streams/waiters.js';

/** Slabs that were passed, and are still looked at. More make nothing faster. */
const MOST_PASSING = 8;

/**
 * The memory of bytes that are written and not synced yet, of all archives of a writer: until a sync has
 * succeeded the file may turn out not to hold them.
 */
export class UnsyncedMemory {
  readonly #mostBytes: number;
  readonly #onFree: (bytes: Buffer) => void;
  #bytes = 0;
  readonly #waiters = new Waiters();
  readonly #passing: Promise<void>[] = [];

  /**
   * @param mostBytes at which nothing more is written until a sync has succeeded
   * @param onFree given the memory that nobody needs any more
   */
  constructor(mostBytes: number, onFree: (bytes: Buffer) => void) {
    this.#mostBytes = mostBytes;
    this.#onFree = onFree;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#mostBytes;
  }

  /** Whether a sync ought to begin, so that it has succeeded before the memory is full. */
  get isHalfFull(): boolean {
    return 2 * this.#bytes >= this.#mostBytes;
  }

  /** Keeps `bytes`, which may be moved. Returns what is to be released later. */
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
   * Gives back what is not kept, once nobody looks at it any more. Settles when more may come: who looks may
   * be slower than the disk.
   *
   * @param seen settles when nobody looks at it; null when nobody does now. Never rejects
   */
  async pass(bytes: Buffer, seen: Promise<void> | null): Promise<void> {
    if (seen === null) {
      this.#onFree(bytes);
      return;
    }
    this.#passing.push(seen.then(() => this.#onFree(bytes)));
    if (this.#passing.length > MOST_PASSING) await this.#passing.shift();
  }

  /** Settles when something was released, or `end` was called. */
  async released(): Promise<void> {
    await this.#waiters.next();
  }

  /** Nobody waits any more. */
  end(): void {
    this.#waiters.end();
  }

  /** A few bytes must not hold a whole slab for as long as they are not synced. */
  #withoutWaste(bytes: Buffer): Buffer {
    if (2 * bytes.length >= bytes.buffer.byteLength) return bytes;
    const copy = Buffer.allocUnsafeSlow(bytes.length);
    bytes.copy(copy);
    this.#onFree(bytes);
    return copy;
  }
}

/** The bytes of one archive that are written and not synced yet, in order. */
export class UnsyncedBytes {
  readonly #memory: UnsyncedMemory;
  #pieces: Buffer[] = [];
  /** Pieces that were released. */
  #released = 0;

  constructor(memory: UnsyncedMemory) {
    this.#memory = memory;
  }

  /** Where the next piece begins, counted in pieces. */
  get end(): number {
    return this.#released + this.#pieces.length;
  }

  /** All of them, each good until it is released. */
  get pieces(): readonly Buffer[] {
    return this.#pieces;
  }

  add(bytes: Buffer): void {
    this.#pieces.push(this.#memory.keep(bytes));
  }

  /** Those before `end` are synced. */
  release(end: number): void {
    const count = Math.max(0, end - this.#released);
    const released = this.#pieces.splice(0, count);
    this.#released += released.length;
    for (const piece of released) this.#memory.release(piece);
  }
}
