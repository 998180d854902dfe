import { addAbortSignal } from 'node:stream';
import { constants, createGzip } from 'node:zlib';

import { gzipFormat } from '../../codec/compression/gzip/gzip-format.js';
import { encodeSmallEnd } from '../../codec/compression/gzip/small-member.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkFunction, checkWholeNumber } from '../../format/option-values.js';
import { LARGEST_SMALL_MEMBER } from '../../format/seekable-gzip.js';
import {
  type CompressMember,
  type MemberOptions,
  SeekableCompressor,
} from './seekable-compressor.js';

/**
 * Compresses all of `raw` into deflate data (RFC 1951) and the trailer of a gzip member (RFC 1952).
 */
export type Deflate = CompressMember;

/** Options of a `SeekableGzip`. */
export interface SeekableGzipOptions extends MemberOptions {
  /** zlib's compression level, 0 (none) to 9 (best). @default 6 */
  readonly level?: number | undefined;
  /** Compresses a member. @default zlib on the thread pool, at `level` */
  readonly deflate?: Deflate | undefined;
}

const GZIP_OPTION_NAMES: OptionNames<SeekableGzipOptions> = {
  level: true,
  memberBytes: true,
  concurrency: true,
  deflate: checkFunction,
};

/** Compresses an archive to seekable gzip (docs/format-gzip.md), which every gzip program reads. */
export class SeekableGzip extends SeekableCompressor {
  /** @throws TypeError for an unknown option, RangeError for one that is out of its range */
  constructor(given?: SeekableGzipOptions) {
    const { level = DEFAULT_GZIP_LEVEL, ...options } = readOptions(given, GZIP_OPTION_NAMES);
    checkWholeNumber('level', level, 0, LARGEST_GZIP_LEVEL);
    super(gzipFormat, options.deflate ?? deflateOnPool(level), options);
  }
}

const DEFAULT_GZIP_LEVEL = 6;
const LARGEST_GZIP_LEVEL = 9;

/** zlib writes a gzip header of this size. It is replaced by the header of a data member. */
const ZLIB_HEADER_BYTES = 10;

/**
 * The share of the input that one output buffer holds. Each buffer costs a trip to a thread and
 * back.
 */
const OUTPUT_SHARE = 1 / 4;
const LEAST_OUTPUT_BYTES = 2 ** 12;

/**
 * Compresses on libuv's thread pool, checksum included. After the signal has aborted, zlib only
 * finishes the call that is running. A small member ends with a sync flush and an empty final block,
 * so that readers need no inflater of its own for it (docs/format-gzip.md, "Small members").
 */
export function deflateOnPool(level: number): Deflate {
  return async (raw, signal) => {
    const chunkSize = Math.max(Math.ceil(raw.length * OUTPUT_SHARE), LEAST_OUTPUT_BYTES);
    const isSmall = raw.length <= LARGEST_SMALL_MEMBER;
    const end = isSmall ? { finishFlush: constants.Z_SYNC_FLUSH } : {};
    const gzip = addAbortSignal(signal, createGzip({ level, chunkSize, ...end }));
    gzip.end(raw);
    const pieces: Buffer[] = [];
    for await (const piece of gzip) pieces.push(piece);
    if (isSmall) pieces.push(encodeSmallEnd(raw));
    return Buffer.concat(pieces).subarray(ZLIB_HEADER_BYTES);
  };
}
