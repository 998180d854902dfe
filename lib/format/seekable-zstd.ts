/**
 * Seekable zstd: many zstd frames, and a skippable frame with their index (docs/format-zstd.md). On
 * disk; may never change.
 */

import {
  END_SECTION_BYTES,
  ENTRY_BYTES,
  INDEX_FIXED_BYTES,
  MAX_MEMBER_ENTRIES,
} from './member-index.js';

/** The first bytes of a frame (RFC 8878, section 3.1.1). */
export const FRAME_MAGIC: readonly number[] = [0x28, 0xb5, 0x2f, 0xfd];
export const FRAME_MAGIC_BYTES = 4;

/** The first bytes of a skippable frame; the lower half of the first may be anything (3.1.2). */
export const SKIPPABLE_MAGIC: readonly number[] = [0x50, 0x2a, 0x4d, 0x18];
export const SKIPPABLE_SIZE_OFFSET = 4; // uint32

/** magic (4), size (4) */
export const SKIPPABLE_HEADER_BYTES = 4 + 4;

/** The first bytes of the skippable frame with our index. */
export const INDEX_MAGIC: readonly number[] = [0x5b, 0x2a, 0x4d, 0x18];

/** `SBIX`, the last bytes of the file. */
export const END_ID: readonly number[] = [0x53, 0x42, 0x49, 0x58];

/** The size of the end, which the index frame ends with. */
export const ZSTD_END_BYTES = END_SECTION_BYTES + END_ID.length;

/** The smallest index: that of an empty archive has no entries. */
export const MIN_ZSTD_INDEX_BYTES = SKIPPABLE_HEADER_BYTES + INDEX_FIXED_BYTES;

/** The largest index has 65,536 entries. */
export const MAX_ZSTD_INDEX_BYTES = MIN_ZSTD_INDEX_BYTES + MAX_MEMBER_ENTRIES * ENTRY_BYTES;

/**
 * Our frames state their content size in 8 bytes, and no other program's do that for less than 4
 * GiB. So they show that an index must follow.
 */
export const CONTENT_SIZE_BYTES = 8;
export const MOST_CONTENT_BYTES = 2 ** 32 - 1;

/** magic (4), descriptor (1), window (1), dictionary's id (4), content size (8) */
export const LARGEST_FRAME_HEADER = FRAME_MAGIC_BYTES + 1 + 1 + 4 + CONTENT_SIZE_BYTES;

/** A larger window is refused: a reader must keep all of it in memory. */
export const LARGEST_WINDOW_BYTES = 8 * 2 ** 20;
export const LARGEST_WINDOW_LOG = 23;

/** last (1 bit), type (2 bits), size (21 bits) */
export const BLOCK_HEADER_BYTES = 3;
/** No block is larger, compressed or not (RFC 8878, section 3.1.1.2.4). */
export const LARGEST_ZSTD_BLOCK_BYTES = 128 * 2 ** 10;

/** The lower half of the XXH64 of the content. */
export const CONTENT_CHECKSUM_BYTES = 4;

/** magic (4), descriptor (1), content size (8), block header (3), one byte, checksum (4) */
export const MIN_DATA_FRAME_BYTES =
  FRAME_MAGIC_BYTES + 1 + CONTENT_SIZE_BYTES + BLOCK_HEADER_BYTES + 1 + CONTENT_CHECKSUM_BYTES;
