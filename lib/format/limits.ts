/** The largest record taken and given: its payload, its metadata, and the lengths between them. */
export const DEFAULT_MAX_RECORD_BYTES = 64 * 2 ** 20;

/** Where a block ends that nobody waits for. Chosen between seeking (small) and overhead (large). */
export const DEFAULT_BLOCK_BYTES = 128 * 2 ** 10;

/** The largest `blockBytes` a writer may choose, so that a reader knows what it may have to hold. */
export const LARGEST_BLOCK_BYTES = 16 * 2 ** 20;

/** `maxRecordBytes` may not be more: lengths on disk are int32 in version 1. */
export const LARGEST_RECORD_BYTES = 2 ** 30;
