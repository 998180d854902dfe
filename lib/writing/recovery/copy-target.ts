import type { OpenFile } from '../../files/file-layer.js';
import { sha256OfRange } from '../../files/sha256.js';
import { writeAll } from '../../files/write-all.js';
import { ArchiveDigest } from '../sink/archive-digest.js';
import { SLAB_BYTES, SlabKeeper } from '../sink/slab-keeper.js';

/**
 * A sync begins after this many bytes, while later ones are copied: the last sync then has little
 * to do.
 */
const SYNC_BYTES = 32 * 2 ** 20;

/** The digest of the bytes that were written from `start` on. */
interface DigestFrom {
  readonly start: number;
  readonly digest: ArchiveDigest;
}

/**
 * The file of an archive's copy. Bytes are collected in a slab. While one slab fills, the slab
 * before it is written and hashed, and earlier bytes are synced: a large archive takes 0.6 of the
 * time that these steps take one after the other.
 */
export class CopyTarget {
  /** All bytes given to `write`. */
  bytes = 0;
  readonly #file: OpenFile;
  readonly #slabs = new SlabKeeper(SLAB_BYTES);
  readonly #whole: DigestFrom = { start: 0, digest: new ArchiveDigest() };
  /** The digest of the run of blocks; is `#whole` if the run begins at the start of the file. */
  #run: DigestFrom | null = null;
  /** The slab that is being filled; null if it would be empty. */
  #slab: Buffer | null = null;
  /** How many bytes of the slab were given to the digests. */
  #digested = 0;
  /** How many bytes of the slab are filled. */
  #filled = 0;
  #writing: Promise<void> = Promise.resolve();
  #syncing: Promise<void> = Promise.resolve();
  #unsyncedBytes = 0;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  async write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      this.#slab ??= this.#slabs.take();
      const count = bytes.copy(this.#slab, this.#filled, at);
      at += count;
      this.#filled += count;
      this.bytes += count;
      if (this.#filled === this.#slab.length) await this.#flush();
    }
  }

  /**
   * Computes a separate digest of the bytes from here on, until `endRun`. No effect within a run.
   */
  beginRun(): void {
    if (this.#run !== null) return;
    this.#digestFilled();
    const start = this.bytes;
    this.#run = start === 0 ? this.#whole : { start, digest: new ArchiveDigest() };
  }

  endRun(): void {
    this.#digestFilled();
    if (this.#run !== this.#whole) this.#run?.digest.release();
    this.#run = null;
  }

  /** The SHA-256 of the run so far, or of all bytes. */
  sha256(of: 'run' | 'whole'): Promise<Buffer> {
    this.#digestFilled();
    const { digest, start } = (of === 'run' ? this.#run : null) ?? this.#whole;
    const end = this.bytes;
    // The digest is lost if its thread died.
    return digest
      .snapshot()()
      .catch(() => this.#digestAgain(start, end));
  }

  /** Writes the remaining bytes and syncs the file. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#writing;
    // A sync that failed has failed for good: after it, `sync` would succeed without the lost
    // pages.
    await this.#syncing;
    await this.#file.sync();
  }

  /** Frees the digests. No other call may follow. */
  release(): void {
    this.endRun();
    this.#whole.digest.release();
  }

  async #flush(): Promise<void> {
    this.#digestFilled();
    await this.#writing;
    if (this.#slab === null) return;
    const bytes = this.#slab.subarray(0, this.#filled);
    this.#writing = this.#writeSlab(bytes, this.bytes - this.#filled);
    // The next flush awaits this write. Until then its failure must not count as unhandled.
    this.#writing.catch(() => undefined);
    this.#slab = null;
    this.#filled = 0;
    this.#digested = 0;
  }

  async #writeSlab(bytes: Buffer, position: number): Promise<void> {
    const digested = [this.#whole, this.#run].map((one) => one?.digest.hashed);
    await writeAll(this.#file, bytes, position);
    this.#unsyncedBytes += bytes.length;
    if (this.#unsyncedBytes >= SYNC_BYTES) this.#beginSync();
    await Promise.all(digested);
    this.#slabs.keep(bytes);
  }

  #beginSync(): void {
    this.#unsyncedBytes = 0;
    this.#syncing = this.#syncing.then(() => this.#file.datasync());
    this.#syncing.catch(() => undefined);
  }

  #digestFilled(): void {
    const bytes = this.#slab?.subarray(this.#digested, this.#filled);
    this.#digested = this.#filled;
    if (bytes === undefined || bytes.length === 0) return;
    this.#whole.digest.update(bytes);
    if (this.#run !== this.#whole) this.#run?.digest.update(bytes);
  }

  async #digestAgain(start: number, end: number): Promise<Buffer> {
    await this.#flush();
    await this.#writing;
    const sha256 = await sha256OfRange(this.#file, { start, end });
    if (sha256 === null) throw new Error('the copy was cut short');
    return sha256;
  }
}
