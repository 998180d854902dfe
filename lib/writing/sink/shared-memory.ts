import { SLAB_BYTES, SlabKeeper } from './slab-keeper.js';
import { UnsyncedMemory } from './unsynced-memory.js';

/** Memory that several writers share, so that their number does not multiply it. */
export interface SharedMemory {
  readonly slabs: SlabKeeper;
  readonly unsynced: UnsyncedMemory;
}

/** How many bytes the slabs of all writers may have while one of each fills. */
const FILLING_BYTES = 8 * 2 ** 20;

/** A slab of less than this would make the writes too small. */
const LEAST_SLAB_BYTES = 64 * 2 ** 10;

/**
 * Creates the memory of so many writers. Each has up to three slabs in use: one that fills, one that
 * waits and one that is being written.
 */
export function createSharedMemory(
  writers: number,
  {
    blockBytes,
    maxUnsyncedBytes,
  }: { readonly blockBytes: number; readonly maxUnsyncedBytes: number },
): SharedMemory {
  const share = Math.floor(FILLING_BYTES / writers);
  const slabs = new SlabKeeper(Math.min(SLAB_BYTES, Math.max(LEAST_SLAB_BYTES, share)), blockBytes);
  const unsynced = new UnsyncedMemory(maxUnsyncedBytes, (bytes) => slabs.keep(bytes));
  return { slabs, unsynced };
}
