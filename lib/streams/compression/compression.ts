import type { Transform } from 'node:stream';

import { gzipFormat } from '../../codec/compression/gzip/gzip-format.js';
import type {
  CompressionName,
  MemberFormat,
} from '../../codec/compression/members/member-format.js';
import { requireZstd } from '../../codec/compression/zstd/node-zstd.js';
import { zstdFormat } from '../../codec/compression/zstd/zstd-format.js';
import { quote } from '../../errors/show.js';
import { checkWholeNumber, parseChoice } from '../../format/option-values.js';
import { type CompressMember, SeekableCompressor } from './seekable-compressor.js';
import { DEFAULT_GZIP_LEVEL, deflateOnPool, SeekableGzip } from './seekable-gzip.js';
import {
  DEFAULT_ZSTD_LEVEL,
  LARGEST_ZSTD_LEVEL,
  LEAST_ZSTD_LEVEL,
  zstdOnPool,
} from './seekable-zstd.js';

/** How archives are compressed; `'none'` leaves them as they are. */
export type CompressionOption = CompressionName | 'none';

/** A compression, and its names. */
export interface Compression {
  readonly name: CompressionOption;
  /** What follows the name of a compressed archive; empty for `none`. */
  readonly suffix: string;
  /** The media type of a compressed archive. */
  readonly contentType: string;
  /** A stream from an archive to its compressed form; null for `none`. */
  createCompressor(): Transform | null;
}

/** Levels of a compression. */
interface Levels {
  readonly format: MemberFormat;
  readonly least: number;
  readonly most: number;
  /** @returns a function that makes a compressor, as often as it is called */
  creator(level: number | undefined): () => Transform;
}

const COMPRESSIONS: Readonly<Record<CompressionName, Levels>> = {
  gzip: {
    format: gzipFormat,
    least: 0,
    most: 9,
    creator(level = DEFAULT_GZIP_LEVEL) {
      // All archives are compressed with the same memory.
      const deflate = deflateOnPool(level);
      return () => new SeekableGzip({ deflate });
    },
  },
  zstd: {
    format: zstdFormat,
    least: LEAST_ZSTD_LEVEL,
    most: LARGEST_ZSTD_LEVEL,
    creator(level = DEFAULT_ZSTD_LEVEL) {
      // Made with the first archive, because Node may have no zstd.
      let compress: CompressMember | undefined;
      return () => {
        compress ??= zstdOnPool(level);
        return new SeekableCompressor(zstdFormat, compress, {});
      };
    },
  },
};

const NONE: Compression = {
  name: 'none',
  suffix: '',
  contentType: 'application/octet-stream',
  createCompressor: () => null,
};

/**
 * The compression that options choose.
 *
 * @param path precedes the names of the options in messages
 * @throws TypeError for an unknown compression, or a level without one; RangeError for a level that
 *   the compression does not have; ArchiveError `ERR_NO_ZSTD` where Node has no zstd
 */
export function createCompression(
  options: {
    readonly compression?: CompressionOption | undefined;
    readonly level?: number | undefined;
  },
  path = '',
): Compression {
  const { level } = options;
  const name = parseChoice(`${path}compression`, options.compression, ['gzip', 'zstd', 'none']);
  if (name === 'none') {
    if (level === undefined) return NONE;
    throw new TypeError(
      `${path}level is ${quote(level)}, but ${path}compression is 'none', which has no levels`,
    );
  }
  const { creator, format, least, most } = COMPRESSIONS[name];
  if (name === 'zstd') requireZstd(`write with ${path}compression 'zstd'`);
  if (level !== undefined) checkWholeNumber(`${path}level`, level, least, most);
  const { contentType, suffix } = format;
  return { name, suffix, contentType, createCompressor: creator(level) };
}
