/**
 * Seekable gzip: many gzip members, described by sections in their extra fields
 * (docs/format-gzip.md). On disk; may never change.
 */

import {
  END_SECTION_BYTES,
  ENTRY_BYTES,
  FIELDS_OFFSET,
  INDEX_FIXED_BYTES,
  MAX_MEMBER_ENTRIES,
  SECTION_CRC_BYTES,
} from './member-index.js';

/** magic (2), deflate, flags: an extra field (4), no time (4), no extra flags, unknown system */
export const MEMBER_START: readonly number[] = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff];

/** Where a member has the length of its extra field (RFC 1952, section 2.3.1.1). */
export const EXTRA_LENGTH_OFFSET = 10; // uint16
export const EXTRA_OFFSET = 12;

/** `SB`, the id of our subfield. */
export const SUBFIELD_ID: readonly number[] = [0x53, 0x42];

/** id (2), length of the data (2) */
export const SUBFIELD_HEADER_BYTES = 2 + 2;

/**
 * The bytes before the subfield's data, which are a section: start of the member (12), header of
 * the subfield (4).
 */
export const SUBFIELD_DATA_OFFSET = EXTRA_OFFSET + SUBFIELD_HEADER_BYTES;

/** The extra field's length is a uint16 and includes the subfield's header. */
export const MAX_SUBFIELD_BYTES = 0xffff - SUBFIELD_HEADER_BYTES;

/** preface (4), an entry, CRC */
export const DATA_SECTION_BYTES = FIELDS_OFFSET + ENTRY_BYTES + SECTION_CRC_BYTES;
export const DATA_HEADER_BYTES = SUBFIELD_DATA_OFFSET + DATA_SECTION_BYTES;

export const MAX_ENTRIES_PER_MEMBER = Math.floor(
  (MAX_SUBFIELD_BYTES - INDEX_FIXED_BYTES) / ENTRY_BYTES,
);

/** The end of a member without data: empty deflate data (2), CRC-32 (4), length (4). */
export const EMPTY_MEMBER_END: readonly number[] = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/** CRC-32 (4), length modulo 2^32 (4) */
export const MEMBER_TRAILER_BYTES = 4 + 4;

/** The largest member, uncompressed, that ends as `SMALL_MEMBER_END` says. */
export const LARGEST_SMALL_MEMBER = 64 * 2 ** 10;

/**
 * How the deflate data of a small member end: an empty stored block, as a sync flush makes it,
 * without the bits of its header (4), and an empty final block (2).
 */
export const SMALL_MEMBER_END: readonly number[] = [0, 0, 0xff, 0xff, 3, 0];

/** The empty final block. */
export const FINAL_BLOCK_BYTES = 2;

/** The shortest deflate data of one byte or more. */
const LEAST_DEFLATED_BYTES = 3;
export const MIN_DATA_MEMBER_BYTES =
  DATA_HEADER_BYTES + LEAST_DEFLATED_BYTES + MEMBER_TRAILER_BYTES;

/** The size of an index member without the data of its subfield. */
export const INDEX_WRAP_BYTES = SUBFIELD_DATA_OFFSET + EMPTY_MEMBER_END.length;

/** The smallest index: that of an empty archive has no entries. */
export const MIN_INDEX_BYTES = INDEX_WRAP_BYTES + INDEX_FIXED_BYTES;

/** The size of the last member. It is fixed. */
export const END_MEMBER_BYTES = SUBFIELD_DATA_OFFSET + END_SECTION_BYTES + EMPTY_MEMBER_END.length;

/** The largest index: 65,536 entries, and the members that these need. */
export const MAX_INDEX_BYTES =
  MAX_MEMBER_ENTRIES * ENTRY_BYTES +
  Math.ceil(MAX_MEMBER_ENTRIES / MAX_ENTRIES_PER_MEMBER) * MIN_INDEX_BYTES;
