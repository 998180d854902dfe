/** The metadata index (docs/format.md, "The metadata index"). On disk; may never change. */

/** The most keys of a metadata index. */
export const MAX_INDEXED_KEYS = 32;

/** The longest key, in bytes of UTF-8. */
export const MAX_INDEXED_KEY_BYTES = 1024;

/** The most runs of blocks. In a larger archive a run covers several blocks. */
export const MAX_INDEXED_RUNS = 65_536;

/** The most distinct values of a key that are listed. */
export const MAX_LISTED_VALUES = 4096;

/** A longer value is not listed; only a filter can hold it. */
export const MAX_LISTED_VALUE_BYTES = 255;

/** The most bytes of a key's listed values, with their lengths. */
export const MAX_LISTED_BYTES = 64 * 2 ** 10;

/**
 * The largest body. Any reader must accept it, whatever its `maxRecordBytes`: the limit for a body
 * is 16 MiB above that.
 */
export const MAX_METADATA_INDEX_BYTES = 16 * 2 ** 20;

/** The body's last fields: size of the directory, its CRC-32, length of the frame. */
export const METADATA_INDEX_END_BYTES = 4 + 4 + 4;

/** No record of the run has the key. */
export const NO_VALUES = 0;

/** Any value may occur in the run. */
export const ANY_VALUES = 1;

/**
 * The probes of a Bloom filter. With 16 bits per value, a filter reports one of 2,100 other values:
 * (1 - e^(-10/16))^10.
 */
export const FILTER_PROBES = 10;
export const FILTER_BYTES_PER_VALUE = 2;

/** In a smaller filter the probes of one value would meet too often. */
export const MIN_FILTER_BYTES = 16;
