import { writeChecksums } from '../../codec/version-2/frame-header.js';
import { writeThreadChecksums } from '../../streams/hashing-thread.js';
import { isShared, SLAB_BYTES } from './slab-keeper.js';

/**
 * Writes the checksums of the frames in a slab: those of a full slab on a thread, because its source
 * is fast; others at once.
 *
 * @returns a promise that settles when the checksums are written, and never rejects; null if they
 *   are written already
 */
export function writeSlabChecksums(slab: Buffer): Promise<void> | null {
  if (slab.length < SLAB_BYTES || !isShared(slab)) {
    writeChecksums(slab);
    return null;
  }
  try {
    // The thread may die. The memory is still here.
    return writeThreadChecksums(slab).catch(() => writeChecksums(slab));
  } catch {
    // The system allows no thread.
    writeChecksums(slab);
    return null;
  }
}
