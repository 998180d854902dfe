/** The body of an index frame (docs/format.md, "The index"). On disk; may never change. */
export const INDEX_ARCHIVE_BYTES_OFFSET = 0; // uint64
export const INDEX_SHA256_OFFSET = 8; // 32 bytes
export const INDEX_RECORDS_OFFSET = 40; // uint64
export const INDEX_ORDINAL_OFFSET = 48; // uint64
export const INDEX_PREVIOUS_SHA256_OFFSET = 56; // 32 bytes
export const INDEX_FLAGS_OFFSET = 88; // uint32
export const INDEX_ENTRY_COUNT_OFFSET = 92; // uint32
export const INDEX_ENTRIES_OFFSET = 96;

export const SHA256_BYTES = 32;

/** Flag: the writer ended in this archive; no archive follows. */
export const INDEX_WRITER_ENDED = 1;

/** Flag: the archive's ordinal is unknown; its field is 0. */
export const INDEX_ORDINAL_UNKNOWN = 2;

/** Flag: the frame before the index is a metadata index. */
export const INDEX_FOLLOWS_METADATA_INDEX = 4;

/**
 * Flag: the sequences of the blocks are not consecutive. An entry of several blocks may hold other
 * sequences than those that follow its first one.
 */
export const INDEX_HAS_GAPS = 8;

/** Flag: the sequences of the blocks do not ascend. Comes with `INDEX_HAS_GAPS`. */
export const INDEX_IS_UNORDERED = 16;

/** offset (8), records (8), first sequence (8), earliest time (8), latest time (8) */
export const INDEX_ENTRY_BYTES = 8 + 8 + 8 + 8 + 8;
export const MAX_INDEX_ENTRIES = 65_536;

/**
 * The body's last field: the length of the whole frame. Readers use it to find the frame from the
 * end.
 */
export const INDEX_FRAME_LENGTH_BYTES = 4; // uint32

/** fixed fields (96), frame length (4) */
export const MIN_INDEX_BODY_BYTES = INDEX_ENTRIES_OFFSET + INDEX_FRAME_LENGTH_BYTES;
export const MAX_INDEX_BODY_BYTES = MIN_INDEX_BODY_BYTES + MAX_INDEX_ENTRIES * INDEX_ENTRY_BYTES;
