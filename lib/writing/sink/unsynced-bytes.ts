import type { UnsyncedMemory } from './unsynced-memory.js';

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
