import {
  requireZstd,
  ZSTD_CHECKSUM_FLAG,
  ZSTD_COMPRESSION_LEVEL,
  ZSTD_END,
  ZSTD_WINDOW_LOG,
} from '../../codec/compression/zstd/node-zstd.js';
import { zstdFormat } from '../../codec/compression/zstd/zstd-format.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkWholeNumber } from '../../format/option-values.js';
import { LARGEST_WINDOW_LOG } from '../../format/seekable-zstd.js';
import { MemberStream } from './member-stream.js';
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
    super(zstdFormat, zstdOnPool(level), options);
  }
}

export const DEFAULT_ZSTD_LEVEL = 3;
export const LEAST_ZSTD_LEVEL = 1;
export const LARGEST_ZSTD_LEVEL = 22;

/**
 * zstd chooses other parameters for data of up to this size, if it knows the size. So each of these
 * members has a context of its own, and larger ones share contexts.
 */
const LARGEST_SIZED_MEMBER = 256 * 2 ** 10;

/** The share of such a member that one buffer for output holds. */
const OUTPUT_SHARE = 1 / 8;
const LEAST_OUTPUT_BYTES = 2 ** 12;

/** The size of a buffer for the output of larger members. */
const OUTPUT_BYTES = 64 * 2 ** 10;

/** Compresses on libuv's thread pool to one frame with a checksum. */
export function zstdOnPool(level: number): CompressMember {
  const zstd = requireZstd('compress with zstd');
  const params = { [ZSTD_COMPRESSION_LEVEL]: level, [ZSTD_CHECKSUM_FLAG]: 1 };
  /** As many as were in use at once. */
  const idle: MemberStream[] = [];

  function createStream(rawBytes: number): MemberStream {
    // The window is most of a context's memory. Members are of about the same size.
    const windowLog = Math.min(Math.floor(Math.log2(rawBytes)), LARGEST_WINDOW_LOG);
    const stream = zstd.createZstdCompress({
      params: { ...params, [ZSTD_WINDOW_LOG]: windowLog },
      chunkSize: OUTPUT_BYTES,
    });
    // After the end of a frame it begins the next one.
    return new MemberStream(stream, () => {});
  }

  async function compressLarge(raw: Buffer, signal: AbortSignal): Promise<Buffer[]> {
    const stream = idle.pop() ?? createStream(raw.length);
    const pieces = await stream.compress(raw, signal, ZSTD_END);
    idle.push(stream);
    return pieces;
  }

  function compressSized(raw: Buffer): Promise<Buffer> {
    const chunkSize = Math.max(Math.ceil(raw.length * OUTPUT_SHARE), LEAST_OUTPUT_BYTES);
    const options = { params, chunkSize, pledgedSrcSize: raw.length };
    return new Promise((resolve, reject) => {
      zstd.zstdCompress(raw, options, (error, frame) => {
        if (error === null) resolve(frame);
        else reject(error);
      });
    });
  }

  return (raw, signal) =>
    raw.length > LARGEST_SIZED_MEMBER ? compressLarge(raw, signal) : compressSized(raw);
}
