import * as zlib from 'node:zlib';

import { ArchiveError } from '../../../errors/archive-error.js';

/** The options of Node's zstd functions that are used here. Node names the parameters' numbers. */
export interface NodeZstdOptions {
  readonly params?: Readonly<Record<number, number>>;
  readonly chunkSize?: number;
  readonly maxOutputLength?: number;
  readonly finishFlush?: number;
  readonly pledgedSrcSize?: number;
}

type Callback = (error: Error | null, result: Buffer) => void;

/**
 * What `node:zlib` has since Node 22.15. The types of Node 20, with which this package is built, do
 * not have it.
 */
export interface NodeZstd {
  zstdCompress(bytes: Buffer, options: NodeZstdOptions, callback: Callback): void;
  zstdDecompress(bytes: Buffer, options: NodeZstdOptions, callback: Callback): void;
  zstdDecompressSync(bytes: Buffer, options?: NodeZstdOptions): Buffer;
  /** Its stream, and the next one, have the shape of all streams of `node:zlib`. */
  createZstdCompress(options?: NodeZstdOptions): zlib.Gzip;
  createZstdDecompress(options?: NodeZstdOptions): zlib.InflateRaw;
}

/** Numbers of zstd.h, which never change. */
export const ZSTD_COMPRESSION_LEVEL = 100;
export const ZSTD_WINDOW_LOG = 101;
export const ZSTD_CHECKSUM_FLAG = 201;
export const ZSTD_CONTINUE = 0;
export const ZSTD_END = 2;

/** Node's zstd; null where it has none. */
export const nodeZstd: NodeZstd | null = hasZstd(zlib) ? zlib : null;

/**
 * Node's zstd.
 *
 * @param action what cannot be done without it, for the message
 * @throws ArchiveError with the code `ERR_NO_ZSTD` where Node has none
 */
export function requireZstd(action: string, zstd: NodeZstd | null = nodeZstd): NodeZstd {
  if (zstd !== null) return zstd;
  const message = `cannot ${action}: zstd needs Node 22.15 or later, and this is Node`;
  throw new ArchiveError('ERR_NO_ZSTD', `${message} ${process.versions.node}`);
}

function hasZstd(module: object): module is NodeZstd {
  return 'zstdCompress' in module && 'zstdDecompress' in module;
}
