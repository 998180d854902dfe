/**
 * Version 2: a block of records a frame (docs/format.md, "Version 2"). On disk; may never change.
 */
export const VERSION_2 = 2;

/** The size of the header of every version from 2 on. */
export const HEADER_BYTES = 64;

export const KIND_OFFSET = 6; // uint8
export const CODEC_OFFSET = 7; // uint8
export const RECORD_COUNT_OFFSET = 8; // uint32
export const BODY_BYTES_OFFSET = 12; // uint32, decoded
export const STORED_BYTES_OFFSET = 16; // uint32, as stored in the file
export const BODY_CRC_OFFSET = 20; // uint32, of the stored body
export const SEQUENCE_OFFSET = 24; // uint64, of the first record
export const EARLIEST_TIME_OFFSET = 32; // int64, µs since the epoch
export const LATEST_TIME_OFFSET = 40; // int64
export const WRITER_OFFSET = 48; // 8 bytes
export const FLAGS_OFFSET = 56; // uint32
export const HEADER_CRC_OFFSET = 60; // uint32, of bytes 0..59

/** The writer's id, chosen at random: `WRITER_OFFSET` up to `FLAGS_OFFSET`. */
export const WRITER_BYTES = 8;

/** The body holds records. Kinds are on disk and may never change. */
export const KIND_RECORDS = 1;
/** The body holds the index of the archive before it. */
export const KIND_INDEX = 2;
/** A reader skips kinds from here on if it does not know them. */
export const FIRST_SKIPPABLE_KIND = 128;
/** The body says which metadata values occur in which blocks of the archive before it. */
export const KIND_METADATA_INDEX = 128;

/** The body is stored unchanged. Other codecs are reserved. */
export const CODEC_STORED = 0;

/**
 * A reader must refuse a frame with one of these flags that it does not know. It ignores others.
 */
export const CRITICAL_FLAGS = 0xffff0000;

/**
 * Flag of a block whose writer was given its sequences: those before the block may be missing by
 * design. The first block of each run of such a writer has it, too.
 */
export const FOLLOWS_GAP = 1;

/** The size of the last field of a records body: where in the body the key table starts. */
export const TABLE_START_BYTES = 4; // uint32

/** 53 bits, and the 54 bits of a zigzag, take 8 groups of 7 bits. */
export const MAX_VARINT_BYTES = 8;
