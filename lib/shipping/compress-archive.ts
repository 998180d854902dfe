import { createHash } from 'node:crypto';
import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';

import { ArchiveError } from '../errors/archive-error.js';
import { asError } from '../errors/as-error.js';
import { ChunkPool } from '../files/chunk-pool.js';
import type { FileLayer, OpenFile } from '../files/file-layer.js';
import { readChunks } from '../files/read-chunks.js';
import type { Compression } from '../streams/compression/compression.js';
import type { ShippableArchive } from '../writing/handlers/archive-shipper.js';

/** An archive that is being compressed (docs/format-gzip.md, docs/format-zstd.md). */
export interface CompressedArchive {
  readonly body: Readable;
  /** Bytes of `body` so far. */
  readonly bytes: number;
  /** The SHA-256 of all of `body`, in hex; empty until `body` has ended. */
  readonly sha256: string;
}

/** Their memory is as much as one archive needs that is compressed while it is read. */
const chunks = new ChunkPool();

/**
 * Reads and compresses an archive as fast as the caller reads `body`. If the file is not what was
 * sealed, the body ends with an error before its last bytes, so a store that stores all or nothing
 * stores nothing.
 *
 * @param onBytes called with how many more bytes of the file were read
 */
export async function compressArchive(
  archive: Pick<ShippableArchive, 'path' | 'sha256'>,
  files: FileLayer,
  compression: Pick<Compression, 'createCompressor'>,
  onBytes: (bytes: number) => void = () => {},
): Promise<CompressedArchive> {
  const file = await files.open(archive.path, 'r');
  const compressor = compression.createCompressor();
  const body = new HashedStream();
  // The callbacks ignore errors because the reader of the last stream gets them.
  if (compressor === null) {
    pipeline(sealedBytes(file, archive, onBytes), body, () => {});
  } else {
    pipeline(compressor, body, () => {});
    void writeAll(compressor, sealedBytes(file, archive, onBytes, chunks));
  }
  return {
    body,
    get bytes() {
      return body.bytes;
    },
    get sha256() {
      return body.sha256;
    },
  };
}

/**
 * The bytes of an archive. Closes the file, and throws after their end if they are not what was
 * sealed.
 */
async function* sealedBytes(
  file: OpenFile,
  archive: Pick<ShippableArchive, 'path' | 'sha256'>,
  onBytes: (bytes: number) => void,
  pool?: ChunkPool,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of readChunks(file, archive.path, undefined, pool)) {
      hash.update(chunk);
      onBytes(chunk.length);
      yield chunk;
    }
  } finally {
    await file.close();
  }
  const sha256 = hash.digest('hex');
  if (sha256 !== archive.sha256) throw changed(archive, sha256);
}

/**
 * Writes chunks to a compressor and ends it. A chunk goes back to the pool when the compressor has
 * copied it. Ends early when the compressor is destroyed, and destroys it when the source fails.
 */
async function writeAll(compressor: Transform, source: AsyncIterable<Buffer>): Promise<void> {
  let settle = () => {};
  compressor.once('close', () => settle());
  try {
    for await (const chunk of source) {
      await new Promise<void>((resolve) => {
        settle = resolve;
        compressor.write(chunk, () => resolve());
      });
      if (compressor.destroyed) return;
      chunks.keep(chunk);
    }
    compressor.end();
  } catch (error) {
    compressor.destroy(asError(error));
  }
}

/** How many compressed chunks wait for the store. */
const MOST_CHUNKS = 4;

/** Passes bytes through, counts them and computes their SHA-256. */
class HashedStream extends Transform {
  bytes = 0;
  /** In hex; empty until the end. */
  sha256 = '';
  readonly #hash = createHash('sha256');

  constructor() {
    // One chunk at a time. Otherwise a loop over the stream gets a copy of all chunks that wait, joined,
    // and shipping takes 10 MiB more at its peak, of 160.
    super({ readableObjectMode: true, readableHighWaterMark: MOST_CHUNKS });
  }

  override _transform(chunk: Buffer, _encoding: string, callback: TransformCallback): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    callback(null, chunk);
  }

  override _flush(callback: TransformCallback): void {
    this.sha256 = this.#hash.digest('hex');
    callback();
  }
}

function changed(
  { path, sha256 }: Pick<ShippableArchive, 'path' | 'sha256'>,
  found: string,
): ArchiveError {
  const problem = `expected SHA-256 ${sha256}, found ${found}`;
  return new ArchiveError(
    'ERR_ARCHIVE_CHANGED',
    `${path} has changed since it was sealed: ${problem}`,
  );
}
