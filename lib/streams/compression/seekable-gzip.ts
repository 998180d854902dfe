import { constants, createGzip, type Gzip, type ZlibReset } from 'node:zlib';

import { splitPieces } from '../../codec/bytes/pieces.js';
import { gzipFormat } from '../../codec/compression/gzip/gzip-format.js';
import { encodeSmallEnd } from '../../codec/compression/gzip/small-member.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkFunction, checkWholeNumber } from '../../format/option-values.js';
import { LARGEST_SMALL_MEMBER } from '../../format/seekable-gzip.js';
import { MemberStream } from './member-stream.js';
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

export const DEFAULT_GZIP_LEVEL = 6;
const LARGEST_GZIP_LEVEL = 9;

/** zlib writes a gzip header of this size. It is replaced by the header of a data member. */
const ZLIB_HEADER_BYTES = 10;

/** The size of a buffer for output, which holds that of many members. */
const OUTPUT_BYTES = 64 * 2 ** 10;

/**
 * Compresses on libuv's thread pool, checksum included. After the signal has aborted, zlib only
 * finishes the call that is running. A small member ends with a sync flush and an empty final block,
 * so that readers need no inflater of its own for it (docs/format-gzip.md, "Small members").
 */
export function deflateOnPool(
  level: number,
): (raw: Buffer, signal: AbortSignal) => Promise<Buffer[]> {
  /** As many as were in use at once. */
  const idle: MemberStream[] = [];
  return async (raw, signal) => {
    const isSmall = raw.length <= LARGEST_SMALL_MEMBER;
    const stream = idle.pop() ?? createGzipStream(level);
    const end = isSmall ? constants.Z_SYNC_FLUSH : constants.Z_FINISH;
    const pieces = await stream.compress(raw, signal, end);
    idle.push(stream);
    if (isSmall) pieces.push(encodeSmallEnd(raw));
    return splitPieces(pieces, ZLIB_HEADER_BYTES).rest;
  };
}

function createGzipStream(level: number): MemberStream {
  // Node documents `reset` for gzip too, but its types leave it out.
  const gzip = createGzip({ level, chunkSize: OUTPUT_BYTES }) as Gzip & ZlibReset;
  return new MemberStream(gzip, () => gzip.reset());
}
