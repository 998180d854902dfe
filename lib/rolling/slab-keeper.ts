/** One slab of this size is filled while others are on their way to the disk. */
export const SLAB_BYTES = 2 ** 20;

/** A slab that a huge record has made larger than this is let go once it is written. */
const LARGEST_KEPT_SLAB_BYTES = 4 * SLAB_BYTES;

/**
 * Keeps the slabs that nobody uses, for the next turns. They come back in batches, with each sync: as many
 * are kept as were taken between the last two, so that a burst is forgotten.
 */
export class SlabKeeper {
  readonly #spares: Buffer[] = [];
  #takenBefore = 1;
  #taken = 0;
  #isTaking = false;

  take(): Buffer | undefined {
    if (!this.#isTaking) {
      this.#takenBefore = this.#taken;
      this.#taken = 0;
      this.#isTaking = true;
      const wanted = Math.max(1, this.#takenBefore);
      this.#spares.splice(wanted);
    }
    this.#taken++;
    // The last to come back is the one that the processor's cache may still hold.
    return this.#spares.pop();
  }

  /** @param bytes a part of a slab whose bytes are on disk, or of other memory */
  keep(bytes: Buffer): void {
    this.#isTaking = false;
    const { byteLength } = bytes.buffer;
    if (byteLength < SLAB_BYTES || byteLength > LARGEST_KEPT_SLAB_BYTES) return;
    this.#spares.push(Buffer.from(bytes.buffer));
  }
}
