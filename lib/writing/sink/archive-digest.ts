import { createHash } from 'node:crypto';

import { createThreadDigest, type RunningDigest } from '../../streams/digest-thread.js';
import { SLAB_BYTES } from './slab-keeper.js';

/**
 * The SHA-256 of an archive while it is written. Where its first bytes are a whole slab its source is a fast
 * one, and a thread does it: that leaves the event loop half as much again for records. Others need no thread.
 */
export class ArchiveDigest {
  readonly #hash = createHash('sha256');
  #thread: RunningDigest | null = null;
  #hasBegun = false;
  #taking: Promise<void> | null = null;

  /** Settles when no bytes are looked at that were given; null when there are none. Never rejects. */
  get taken(): Promise<void> | null {
    return this.#taking;
  }

  /** Takes bytes in, which must not be changed before `taken`. */
  update(bytes: Buffer): void {
    if (!this.#hasBegun && bytes.length >= SLAB_BYTES) this.#thread = startThread();
    this.#hasBegun = true;
    if (this.#thread === null) {
      this.#hash.update(bytes);
      return;
    }
    // A slab that is hardly filled is used again at once.
    const isKept = 2 * bytes.length >= bytes.buffer.byteLength;
    // Who asks for the digest is told that it failed.
    const taking = this.#thread.update(isKept ? bytes : Buffer.from(bytes)).catch(() => undefined);
    this.#taking = taking;
    void taking.then(() => {
      if (this.#taking === taking) this.#taking = null;
    });
  }

  /** What gives the digest of the bytes so far, whatever comes behind them. Rejects where its thread died. */
  snapshot(): () => Promise<Buffer> {
    if (this.#thread === null) {
      const hash = this.#hash.copy();
      return async () => hash.copy().digest();
    }
    const digest = this.#thread.digest();
    digest.catch(() => undefined);
    return () => digest;
  }

  /** It takes nothing more, and gives no other snapshot. */
  release(): void {
    this.#thread?.release();
    this.#thread = null;
  }
}

/** Null where there can be no threads. */
function startThread(): RunningDigest | null {
  try {
    return createThreadDigest();
  } catch {
    return null;
  }
}
