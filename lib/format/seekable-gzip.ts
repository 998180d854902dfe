/**
 * Seekable gzip: many gzip members, described by their extra fields (docs/format-gzip.md). On disk;
 * may never change.
 */

/** magic (2), deflate, flags: an extra field (4), no time (4), no extra flags, unknown system */
export const MEMBER_START: readonly number[] = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff];

/** Where a member has the length of its extra field (RFC 1952, section 2.3.1.1). */
export const EXTRA_LENGTH_OFFSET = 10; // uint16
export const EXTRA_OFFSET = 12;

/** `SB`, the id of our subfield. */
export const SUBFIELD_ID: readonly number[] = [0x53, 0x42];

/** id (2), length of the data (2) */
export const SUBFIELD_HEADER_BYTES = 2 + 2;

/** The bytes before the subfield's data: start of the member (12), header of the subfield (4). */
export const SUBFIELD_DATA_OFFSET = EXTRA_OFFSET + SUBFIELD_HEADER_BYTES;

/** The extra field's length is a uint16 and includes the subfield's header. */
export const MAX_SUBFIELD_BYTES = 0xffff - SUBFIELD_HEADER_BYTES;

/** The first fields of the subfield's data, in members of every kind. */
export const SUBFIELD_VERSION_OFFSET = 0; // uint8
export const MEMBER_KIND_OFFSET = 1; // uint8
export const RESERVED_OFFSET = 2; // uint16, 0
export const FIELDS_OFFSET = 4;
/** The last field: the CRC-32 of the subfield's data before it. */
export const SUBFIELD_CRC_BYTES = 4;

export const SUBFIELD_VERSION = 1;

/** The member holds a piece of the archive. */
export const KIND_DATA = 1;
/** The member has no data; its subfield holds entries of the member index. */
export const KIND_MEMBER_INDEX = 2;
/** The last member of the file. It has no data. */
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

/** version (1), kind (1), reserved (2), an entry, CRC */
export const DATA_SUBFIELD_BYTES = FIELDS_OFFSET + ENTRY_BYTES + SUBFIELD_CRC_BYTES;
export const DATA_HEADER_BYTES = SUBFIELD_DATA_OFFSET + DATA_SUBFIELD_BYTES;

/** Index members: how many entries the members before it have, and how many it has itself. */
export const FIRST_ENTRY_OFFSET = FIELDS_OFFSET; // uint32
export const ENTRY_COUNT_OFFSET = FIRST_ENTRY_OFFSET + 4; // uint32
export const ENTRIES_OFFSET = ENTRY_COUNT_OFFSET + 4;

/** The size of an index member's subfield data without its entries. */
export const INDEX_FIXED_BYTES = ENTRIES_OFFSET + SUBFIELD_CRC_BYTES;
export const MAX_ENTRIES_PER_MEMBER = Math.floor(
  (MAX_SUBFIELD_BYTES - INDEX_FIXED_BYTES) / ENTRY_BYTES,
);

/** The limit for the whole index. Neighbours merge at the limit, so no archive makes it larger. */
export const MAX_MEMBER_ENTRIES = 65_536;

/** The fields of the last member. */
export const END_FLAGS_OFFSET = FIELDS_OFFSET; // uint32
export const END_INDEX_BYTES_OFFSET = END_FLAGS_OFFSET + 4; // uint64
export const END_DATA_BYTES_OFFSET = END_INDEX_BYTES_OFFSET + 8; // uint64
export const END_RAW_BYTES_OFFSET = END_DATA_BYTES_OFFSET + 8; // uint64
export const END_RECORDS_OFFSET = END_RAW_BYTES_OFFSET + 8; // uint64
export const END_WRITER_OFFSET = END_RECORDS_OFFSET + 8; // 8 bytes
export const END_SUBFIELD_BYTES = END_WRITER_OFFSET + 8 + SUBFIELD_CRC_BYTES;

/** Flag: every byte belongs to a frame or a line, so the number of records is exact. */
export const RECORDS_ARE_EXACT = 1;
/**
 * Flag: records with a sequence are of one writer and in order, so readers may seek by sequence.
 */
export const HAS_ONE_WRITER = 2;

/** The end of a member without data: empty deflate data (2), CRC-32 (4), length (4). */
export const EMPTY_MEMBER_END: readonly number[] = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/** CRC-32 (4), length modulo 2^32 (4) */
export const MEMBER_TRAILER_BYTES = 4 + 4;

/** The shortest deflate data of one byte or more. */
const LEAST_DEFLATED_BYTES = 3;
export const MIN_DATA_MEMBER_BYTES =
  DATA_HEADER_BYTES + LEAST_DEFLATED_BYTES + MEMBER_TRAILER_BYTES;

/** The size of an index member without the data of its subfield. */
export const INDEX_WRAP_BYTES = SUBFIELD_DATA_OFFSET + EMPTY_MEMBER_END.length;

/** The smallest index: that of an empty archive has no entries. */
export const MIN_INDEX_BYTES = INDEX_WRAP_BYTES + INDEX_FIXED_BYTES;

/** The size of the last member. It is fixed. */
export const END_MEMBER_BYTES = SUBFIELD_DATA_OFFSET + END_SUBFIELD_BYTES + EMPTY_MEMBER_END.length;

/** The largest index: 65,536 entries, and the members that these need. */
export const MAX_INDEX_BYTES =
  MAX_MEMBER_ENTRIES * ENTRY_BYTES +
  Math.ceil(MAX_MEMBER_ENTRIES / MAX_ENTRIES_PER_MEMBER) * MIN_INDEX_BYTES;

/** The default size of a member. Smaller members compress worse. */
export const DEFAULT_MEMBER_BYTES = 2 ** 20;
export const LEAST_MEMBER_BYTES = 2 ** 10;
export const LARGEST_MEMBER_BYTES = 64 * 2 ** 20;

/**
 * A frame is cut where its member reaches this many times the requested size, so that a record of 1
 * GiB is not compressed in one piece.
 */
export const MEMBER_STRETCH = 4;
