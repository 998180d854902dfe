/**
 * The members of a compressed archive and their index, whatever the compression
 * (docs/format-gzip.md, docs/format-zstd.md). A file describes itself in *sections*: of each member
 * (gzip only), of the index, and of the end. On disk; may never change.
 */

/** The first fields of every section. */
export const SECTION_VERSION_OFFSET = 0; // uint8
export const SECTION_KIND_OFFSET = 1; // uint8
export const RESERVED_OFFSET = 2; // uint16, 0
export const FIELDS_OFFSET = 4;
/** The last field: the CRC-32 of the section before it. */
export const SECTION_CRC_BYTES = 4;

export const SECTION_VERSION = 1;

/** The section describes the member that it is in, which holds a piece of the archive. */
export const KIND_DATA = 1;
/** The section holds entries of the index. */
export const KIND_INDEX = 2;
/** The last section of the file. */
export const KIND_END = 3;

/** An entry describes a member, or, in the index, a run of members. */
export const ENTRY_MEMBER_BYTES_OFFSET = 0; // uint64
export const ENTRY_RAW_BYTES_OFFSET = 8; // uint64
export const ENTRY_RECORDS_OFFSET = 16; // uint64
export const ENTRY_SEQUENCE_OFFSET = 24; // uint64
export const ENTRY_EARLIEST_TIME_OFFSET = 32; // int64
export const ENTRY_LATEST_TIME_OFFSET = 40; // int64
export const ENTRY_FLAGS_OFFSET = 48; // uint32
export const ENTRY_BYTES = 52;

/** Flag: a frame or a line begins where the member begins. */
export const BEGINS_WHOLE = 1;
/** Flag: all bytes are of frames of version 2 or later, so sequence and times cover all records. */
export const IS_TIMED = 2;

/** Index sections: how many entries the sections before it have, and how many it has itself. */
export const FIRST_ENTRY_OFFSET = FIELDS_OFFSET; // uint32
export const ENTRY_COUNT_OFFSET = FIRST_ENTRY_OFFSET + 4; // uint32
export const ENTRIES_OFFSET = ENTRY_COUNT_OFFSET + 4;

/** The size of an index section without its entries. */
export const INDEX_FIXED_BYTES = ENTRIES_OFFSET + SECTION_CRC_BYTES;

/** The limit for the whole index. Neighbours merge at the limit, so no archive makes it larger. */
export const MAX_MEMBER_ENTRIES = 65_536;

/** The fields of the end section. */
export const END_FLAGS_OFFSET = FIELDS_OFFSET; // uint32
export const END_INDEX_BYTES_OFFSET = END_FLAGS_OFFSET + 4; // uint64
export const END_DATA_BYTES_OFFSET = END_INDEX_BYTES_OFFSET + 8; // uint64
export const END_RAW_BYTES_OFFSET = END_DATA_BYTES_OFFSET + 8; // uint64
export const END_RECORDS_OFFSET = END_RAW_BYTES_OFFSET + 8; // uint64
export const END_WRITER_OFFSET = END_RECORDS_OFFSET + 8; // 8 bytes
export const END_SECTION_BYTES = END_WRITER_OFFSET + 8 + SECTION_CRC_BYTES;

/** Flag: every byte belongs to a frame or a line, so the number of records is exact. */
export const RECORDS_ARE_EXACT = 1;
/**
 * Flag: records with a sequence are of one writer and in order, so readers may seek by sequence.
 */
export const HAS_ONE_WRITER = 2;
/**
 * Flag: the sequences are not consecutive. Those of a member end before the first one of a later
 * member.
 */
export const HAS_GAPS = 4;

/** The default size of a member. Smaller members compress worse. */
export const DEFAULT_MEMBER_BYTES = 2 ** 20;
export const LEAST_MEMBER_BYTES = 2 ** 10;
export const LARGEST_MEMBER_BYTES = 64 * 2 ** 20;

/**
 * A frame is cut where its member reaches this many times the requested size, so that a record of 1
 * GiB is not compressed in one piece.
 */
export const MEMBER_STRETCH = 4;
