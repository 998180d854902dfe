/**
 * The first bytes of every frame of every version (docs/format.md, "Frames"). All integers are
 * little-endian. These values are on disk and may never change.
 */
export const MAGIC = 0x69867884;

/** The bytes of `MAGIC` in a file. */
export const MAGIC_BYTES: readonly number[] = [0x84, 0x78, 0x86, 0x69];

export const MAGIC_OFFSET = 0; // int32
export const VERSION_OFFSET = 4; // int16

/** magic (4), version (2) */
export const PREAMBLE_BYTES = 4 + 2;
