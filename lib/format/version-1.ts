import { PREAMBLE_BYTES } from './preamble.js';

/** Version 1: one record a frame (docs/format.md, "Version 1"). On disk; may never change. */
export const VERSION_1 = 1;

export const V1_METADATA_BYTES_OFFSET = PREAMBLE_BYTES; // int32
export const V1_PAYLOAD_BLOCK_BYTES_OFFSET = PREAMBLE_BYTES + 4; // int32
export const V1_END_OFFSET = PREAMBLE_BYTES + 8; // int32, always 0

/** preamble (6), metadataBytes (4), payloadBlockBytes (4), zero (4) */
export const V1_HEADER_BYTES = PREAMBLE_BYTES + 4 + 4 + 4;

/** Every count and length of version 1 is an int32. */
export const V1_INT_BYTES = 4;

/** The metadata count is this many times the number of pairs, as the original program wrote it. */
export const V1_COUNT_PER_PAIR = 4;
