/** One slab of this size is filled while others are on their way to the disk. */
export const SLAB_BYTES = 2 ** 20;

/**
 * Keeps the slabs that nobody uses, for the next turns. They come back in batches, with each sync: as many
 * are kept as were taken between the last two, so that a burst is forgotten.
 */
export class SlabKeeper {
  readonly #slabBytes: number;
  readonly #spares: Buffer[] = [];
  #takenBefore = 1;
  #taken = 0;
  #isTaking = false;

  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
  }

  /** A slab that nobody uses, in memory that threads can share. */
  take(): Buffer {
    if (!this.#isTaking) {
      this.#takenBefore = this.#taken;
      this.#taken = 0;
      this.#isTaking = true;
      const wanted = Math.max(1, this.#takenBefore);
      this.#spares.splice(wanted);
    }
    this.#taken++;
    // The last to come back is the one that the processor's cache may still hold.
    return this.#spares.pop() ?? Buffer.from(new SharedArrayBuffer(this.#slabBytes));
  }

  /** @param bytes a part of a slab whose bytes are on disk, or of other memory */
  keep(bytes: Buffer): void {
    this.#isTaking = false;
    // Other memory is of one huge record, or of a few that were copied.
    if (!(bytes.buffer instanceof SharedArrayBuffer)) return;
    this.#spares.push(Buffer.from(bytes.buffer));
  }
}
