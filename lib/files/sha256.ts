import { createHash } from 'node:crypto';

import type { ByteRange } from './byte-range.js';
import { ChunkPool } from './chunk-pool.js';
import type { FileLayer, OpenFile } from './file-layer.js';
import { readChunks } from './read-chunks.js';
import { readRange } from './read-range.js';

/** Memory of chunks that were hashed. */
const hashed = new ChunkPool();

/** The SHA-256 of all chunks, one after the other. Does not keep them. */
export async function sha256OfChunks(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest();
}

/**
 * The SHA-256 of a whole file.
 *
 * @throws Node's error when the file cannot be opened; StoreError when it cannot be read
 */
export async function sha256OfFile(path: string, files: FileLayer): Promise<Buffer> {
  const hash = createHash('sha256');
  const file = await files.open(path, 'r');
  try {
    for await (const chunk of readChunks(file, path, undefined, hashed)) {
      hash.update(chunk);
      hashed.keep(chunk);
    }
    return hash.digest();
  } finally {
    await file.close();
  }
}

/**
 * The SHA-256 of a range of an open file; null when the file ends before the range does.
 *
 * @param more bytes that are hashed after the range
 * @throws Node's error when the file cannot be read
 */
export async function sha256OfRange(
  file: OpenFile,
  { start, end }: Required<ByteRange>,
  more: Buffer = Buffer.alloc(0),
): Promise<Buffer | null> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of readRange(file, start, end)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return bytes === end - start ? hash.update(more).digest() : null;
}
