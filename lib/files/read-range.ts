import type { OpenFile } from './file-layer.js';

const CHUNK_BYTES = 256 * 2 ** 10;

/**
 * The bytes of a range of a file, up to the file's end. All chunks use the same memory: the next
 * one overwrites the one before.
 *
 * @throws Node's error when a read fails
 */
export async function* readRange(
  file: OpenFile,
  start: number,
  end: number,
): AsyncGenerator<Buffer> {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - start));
  for (let at = start; at < end; ) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, end - at), at);
    if (bytesRead === 0) return;
    yield chunk.subarray(0, bytesRead);
    at += bytesRead;
  }
}
