/** The largest record: payload, metadata, and the lengths that the format adds. */
export const DEFAULT_MAX_RECORD_BYTES = 64 * 2 ** 20;

/** A block ends at this size. Smaller blocks seek better; larger ones have less overhead. */
export const DEFAULT_BLOCK_BYTES = 128 * 2 ** 10;

/** The largest `blockBytes` of a writer. It bounds the memory that a reader needs. */
export const LARGEST_BLOCK_BYTES = 16 * 2 ** 20;

/** The most keys of a block, and so of a record. A hostile table of keys must not fill the memory. */
export const MAX_BLOCK_KEYS = 65_536;

/** The largest `maxRecordBytes`: version 1 stores lengths as int32. */
export const LARGEST_RECORD_BYTES = 2 ** 30;
