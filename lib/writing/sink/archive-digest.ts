import { createHash } from 'node:crypto';

import { createThreadDigest, type RunningDigest } from '../../streams/hashing-thread.js';
import { SLAB_BYTES } from './slab-keeper.js';

/**
 * The SHA-256 of an archive while it is written. If the first bytes are a whole slab, the source is
 * fast, and a thread computes the digest: the event loop then handles 1.5 times as many records.
 * Slow sources need no thread.
 */
export class ArchiveDigest {
  readonly #hash = createHash('sha256');
  #thread: RunningDigest | null = null;
  #hasBegun = false;
  #hashing: Promise<void> | null = null;

  /** Settles when all bytes so far are hashed; null if they are hashed already. Never rejects. */
  get hashed(): Promise<void> | null {
    return this.#hashing;
  }

  /** Hashes bytes, which must not change before `hashed` settles. */
  update(bytes: Buffer): void {
    if (!this.#hasBegun && bytes.length >= SLAB_BYTES) this.#thread = startThread();
    this.#hasBegun = true;
    if (this.#thread === null) {
      this.#hash.update(bytes);
      return;
    }
    // The caller reuses a slab at once that is less than half full, so hash a copy of it.
    const isKept = 2 * bytes.length >= bytes.buffer.byteLength;
    // If this fails, so will the snapshot.
    const hashing = this.#thread.update(isKept ? bytes : Buffer.from(bytes)).catch(() => undefined);
    this.#hashing = hashing;
    void hashing.then(() => {
      if (this.#hashing === hashing) this.#hashing = null;
    });
  }

  /**
   * Returns a function for the digest of the bytes so far, whatever is hashed later. Its promise
   * rejects if the thread died.
   */
  snapshot(): () => Promise<Buffer> {
    if (this.#thread === null) {
      const hash = this.#hash.copy();
      return async () => hash.copy().digest();
    }
    const digest = this.#thread.digest();
    digest.catch(() => undefined);
    return () => digest;
  }

  /** The digest of the bytes so far and of `more`. Rejects if the thread died. */
  async digestWith(more: Buffer): Promise<Buffer> {
    if (this.#thread !== null) return await this.#thread.digest(more);
    return this.#hash.copy().update(more).digest();
  }

  /** Frees the thread's memory for it. No other call may follow; earlier snapshots stay valid. */
  release(): void {
    this.#thread?.release();
    this.#thread = null;
  }
}

/** Null if the system allows no thread. */
function startThread(): RunningDigest | null {
  try {
    return createThreadDigest();
  } catch {
    return null;
  }
}
