/**
 * Size of the buffers, one of which fills while others are being written. With half of it the event
 * loop is busy for 1.1 times as long, because each slab takes four calls of the file system and two
 * messages to the thread.
 */
export const SLAB_BYTES = 2 * 2 ** 20;

/** A burst of slabs in use is forgotten after this many to twice as many calls of `take`. */
const SLABS_OF_A_BURST = 64;

/**
 * Keeps slabs for reuse: as many as were recently in use at once. Memory is several times slower
 * when it is used for the first time, above all on virtual machines. With too few slabs kept, the
 * fastest source is a third slower.
 */
export class SlabKeeper {
  /** A slab with so many bytes is full, and is written. It has room for one more block. */
  readonly fullBytes: number;
  readonly #slabBytes: number;
  readonly #spares: Buffer[] = [];
  #inUse = 0;
  #taken = 0;
  /** The most slabs in use at once, since the count of `#taken` last passed a burst. */
  #most = 0;
  /** The same, in the burst before. */
  #mostBefore = 0;

  /** @param blockBytes how much more than full a slab may be */
  constructor(fullBytes: number, blockBytes = 0) {
    this.fullBytes = fullBytes;
    this.#slabBytes = fullBytes + blockBytes;
  }

  /** Returns a free slab, in memory that threads can share. */
  take(): Buffer {
    if (++this.#taken % SLABS_OF_A_BURST === 0) {
      this.#mostBefore = this.#most;
      this.#most = 0;
    }
    this.#inUse++;
    this.#most = Math.max(this.#most, this.#inUse);
    // The last slab that came back may still be in the processor's cache.
    return this.#spares.pop() ?? Buffer.from(new SharedArrayBuffer(this.#slabBytes));
  }

  /**
   * Takes a slab back.
   *
   * @param bytes any view of the slab; buffers in other memory are ignored
   */
  keep(bytes: Buffer): void {
    // Memory of another kind holds one huge record, or the copy of a few small ones.
    if (!isShared(bytes)) return;
    this.#inUse--;
    const wanted = Math.max(this.#most, this.#mostBefore);
    if (this.#inUse + this.#spares.length < wanted) this.#spares.push(Buffer.from(bytes.buffer));
  }
}

/** Whether threads share the memory of the bytes, as they share slabs. */
export function isShared(bytes: Buffer): boolean {
  return bytes.buffer instanceof SharedArrayBuffer;
}
