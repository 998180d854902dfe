/** One slab of this size is filled while others are on their way to the disk. */
export const SLAB_BYTES = 2 ** 20;

/** A burst is forgotten after that many slabs, or twice as many. */
const SLABS_OF_A_BURST = 64;

/**
 * Keeps the slabs that nobody uses, for the next turns: as many as were in use at once a short while ago.
 * Memory that is used for the first time is several times as slow as other memory, most of all on virtual
 * machines; with too few kept, a source as fast as can be is a third slower.
 */
export class SlabKeeper {
  readonly #slabBytes: number;
  readonly #spares: Buffer[] = [];
  #inUse = 0;
  #taken = 0;
  /** The most in use at once, among the last slabs taken and those before. */
  #most = 0;
  #mostBefore = 0;

  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
  }

  /** A slab that nobody uses, in memory that threads can share. */
  take(): Buffer {
    if (++this.#taken % SLABS_OF_A_BURST === 0) {
      this.#mostBefore = this.#most;
      this.#most = 0;
    }
    this.#inUse++;
    this.#most = Math.max(this.#most, this.#inUse);
    // The last to come back is the one that the processor's cache may still hold.
    return this.#spares.pop() ?? Buffer.from(new SharedArrayBuffer(this.#slabBytes));
  }

  /** @param bytes a part of a slab whose bytes are on disk, or of other memory */
  keep(bytes: Buffer): void {
    // Other memory is of one huge record, or of a few that were copied.
    if (!(bytes.buffer instanceof SharedArrayBuffer)) return;
    this.#inUse--;
    const wanted = Math.max(this.#most, this.#mostBefore);
    if (this.#inUse + this.#spares.length < wanted) this.#spares.push(Buffer.from(bytes.buffer));
  }
}
