/** One slab of this size is filled while another is on its way to the disk. */
export const SLAB_BYTES = 2 ** 20;

/** A slab that a huge record has made larger than this is let go once it is written. */
const LARGEST_KEPT_SLAB_BYTES = 4 * SLAB_BYTES;

/** Keeps the slab that nobody uses, for the next turn. */
export class SlabKeeper {
  #spare: Buffer | undefined;

  take(): Buffer | undefined {
    const slab = this.#spare;
    this.#spare = undefined;
    return slab;
  }

  /** @param bytes a part of a slab whose bytes are on disk */
  keep(bytes: Buffer): void {
    if (bytes.buffer.byteLength > LARGEST_KEPT_SLAB_BYTES) return;
    this.#spare = Buffer.from(bytes.buffer);
  }
}
