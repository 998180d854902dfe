import {
  requireZstd,
  ZSTD_CHECKSUM_FLAG,
  ZSTD_COMPRESSION_LEVEL,
  ZSTD_WINDOW_LOG,
} from '../../codec/compression/zstd/node-zstd.js';
import { zstdFormat } from '../../codec/compression/zstd/zstd-format.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkWholeNumber } from '../../format/option-values.js';
import { LARGEST_WINDOW_LOG } from '../../format/seekable-zstd.js';
import {
  type CompressMember,
  type MemberOptions,
  SeekableCompressor,
} from './seekable-compressor.js';

/** Options of a `SeekableZstd`. */
export interface SeekableZstdOptions extends MemberOptions {
  /** The compression level, 1 (fastest) to 22 (best). @default 3 */
  readonly level?: number | undefined;
}

const ZSTD_OPTION_NAMES: OptionNames<SeekableZstdOptions> = {
  level: true,
  memberBytes: true,
  concurrency: true,
};

/**
 * Compresses an archive to seekable zstd (docs/format-zstd.md), which every zstd program reads.
 * Needs Node 22.15.
 */
export class SeekableZstd extends SeekableCompressor {
  /**
   * @throws TypeError for an unknown option, RangeError for one that is out of its range,
   *   ArchiveError `ERR_NO_ZSTD` where Node has no zstd
   */
  constructor(given?: SeekableZstdOptions) {
    const { level = DEFAULT_ZSTD_LEVEL, ...options } = readOptions(given, ZSTD_OPTION_NAMES);
    checkWholeNumber('level', level, LEAST_ZSTD_LEVEL, LARGEST_ZSTD_LEVEL);
    super(zstdFormat, compressOnPool(level), options);
  }
}

const DEFAULT_ZSTD_LEVEL = 3;
export const LEAST_ZSTD_LEVEL = 1;
export const LARGEST_ZSTD_LEVEL = 22;

/**
 * The share of the input that one output buffer holds. Each buffer costs a trip to a thread and
 * back.
 */
const OUTPUT_SHARE = 1 / 8;
const LEAST_OUTPUT_BYTES = 2 ** 12;

/** From this level on, zstd may choose windows that readers refuse. */
const LEAST_WIDE_LEVEL = 20;

/** Compresses on libuv's thread pool to one frame with a checksum. */
function compressOnPool(level: number): CompressMember {
  const zstd = requireZstd('compress with zstd');
  const params = {
    [ZSTD_COMPRESSION_LEVEL]: level,
    [ZSTD_CHECKSUM_FLAG]: 1,
    ...(level >= LEAST_WIDE_LEVEL && { [ZSTD_WINDOW_LOG]: LARGEST_WINDOW_LOG }),
  };
  return (raw) => {
    const chunkSize = Math.max(Math.ceil(raw.length * OUTPUT_SHARE), LEAST_OUTPUT_BYTES);
    return new Promise((resolve, reject) => {
      zstd.zstdCompress(raw, { params, chunkSize, pledgedSrcSize: raw.length }, (error, frame) => {
        if (error === null) resolve(frame);
        else reject(error);
      });
    });
  };
}
