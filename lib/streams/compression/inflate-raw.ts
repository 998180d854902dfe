import { createInflateRaw, inflateRawSync } from 'node:zlib';

import { inflateUpToDamage } from '../../codec/compression/gzip/inflate-head.js';
import type { PulledBytes } from './pulled-bytes.js';
import { SteppedTransform } from './stepped-transform.js';

/** zlib's default of 16 KiB makes four times the calls. */
const CHUNK_BYTES = 64 * 2 ** 10;

/** In data larger than this, compressed or not, up to `CHUNK_BYTES` before damage are lost. */
const LARGEST_RESCUE_BYTES = 8 * 2 ** 20;

/**
 * Inflates deflate data (RFC 1951) and leaves the bytes after it in `input`. Returns without an
 * error if the input ends within the data. Yields all bytes that can be inflated before it throws.
 *
 * @throws errors of zlib and of `input`
 */
export async function* inflateRaw(input: PulledBytes): AsyncGenerator<Buffer> {
  const zlib = createInflateRaw({ chunkSize: CHUNK_BYTES });
  const inflater = new SteppedTransform(zlib);
  /** Chunks to inflate a second time if zlib finds damage. */
  const fedChunks: Buffer[] = [];
  let fed = 0;
  let given = 0;
  try {
    while (fed === zlib.bytesWritten && (await input.has(1))) {
      const chunk = input.takeAll();
      fed += chunk.length;
      fedChunks.push(chunk);
      if (Math.max(fed, given) > LARGEST_RESCUE_BYTES) fedChunks.length = 0;
      for await (const piece of inflater.push(chunk)) {
        given += piece.length;
        yield piece;
      }
      // zlib takes no bytes after the end of the data: bytes left over mean that the data has
      // ended.
      const over = fed - zlib.bytesWritten;
      if (over > 0) input.putBack([chunk.subarray(chunk.length - over)]);
    }
  } catch (error) {
    // A zlib call that finds damage drops the output that it had produced until then.
    if (given <= LARGEST_RESCUE_BYTES && inflater.hasFailed) {
      const inflated = inflateUpToDamage(Buffer.concat(fedChunks), inflateRawSync);
      if (inflated.length > given) yield inflated.subarray(given);
    }
    throw error;
  } finally {
    inflater.close();
  }
}
