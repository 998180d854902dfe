import type { OpenFile } from '../storage/file-layer.js';
import type { ByteRange } from '../storage/store.js';
import { fromSystemError } from '../storage/system-error.js';

/**
 * Much beside a block of records, for one that lies across two chunks is copied: with 256 KiB half of them
 * do, and reading the corpus takes 1.6 times as long.
 */
const CHUNK_BYTES = 2 ** 20;

/**
 * The bytes of a file, or of a range of it, in order. Buffers are the caller's, and not much larger than
 * what they hold.
 *
 * @param path what errors name
 * @throws StoreError
 */
export async function* readChunks(
  file: OpenFile,
  path: string,
  { start, end = Number.MAX_SAFE_INTEGER }: ByteRange = { start: 0 },
): AsyncGenerator<Buffer> {
  let chunk: Buffer | undefined;
  for (let position = start; position < end; ) {
    chunk ??= Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, end - start));
    const wanted = chunk.subarray(0, end - position);
    const bytesRead = await readAt(file, path, wanted, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    const bytes = chunk.subarray(0, bytesRead);
    if (2 * bytesRead < chunk.length) {
      // A record is a view on its chunk: those of many small archives would hold much for little.
      yield Buffer.from(bytes);
    } else {
      chunk = undefined;
      yield bytes;
    }
  }
}

async function readAt(
  file: OpenFile,
  path: string,
  bytes: Buffer,
  position: number,
): Promise<number> {
  try {
    return (await file.read(bytes, 0, bytes.length, position)).bytesRead;
  } catch (error) {
    throw fromSystemError(error, 'read', path);
  }
}
