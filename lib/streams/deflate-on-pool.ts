import { addAbortSignal } from 'node:stream';
import { createGzip } from 'node:zlib';

/** Compresses all of `raw`: deflate data (RFC 1951), and the trailer of a gzip member (RFC 1952). */
export type Deflate = (raw: Buffer, signal: AbortSignal) => Promise<Buffer>;

/** The header that zlib writes without being told what goes into it. */
const ZLIB_HEADER_BYTES = 10;

/** The part of the input that a call's output has room for: each call is a way to the thread and back. */
const OUTPUT_SHARE = 1 / 4;
const LEAST_OUTPUT_BYTES = 2 ** 12;

/**
 * Compression on libuv's thread pool, the checksum included. Once the signal aborts, no more work is
 * begun than what runs just then.
 */
export function deflateOnPool(level: number): Deflate {
  return async (raw, signal) => {
    const chunkSize = Math.max(Math.ceil(raw.length * OUTPUT_SHARE), LEAST_OUTPUT_BYTES);
    const gzip = addAbortSignal(signal, createGzip({ level, chunkSize }));
    gzip.end(raw);
    const pieces: Buffer[] = [];
    for await (const piece of gzip) pieces.push(piece);
    return Buffer.concat(pieces).subarray(ZLIB_HEADER_BYTES);
  };
}
