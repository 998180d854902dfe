import type { OpenFile } from './file-layer.js';

const CHUNK_BYTES = 256 * 2 ** 10;

/**
 * The bytes of a range of a file, as far as the file goes, for who is done with each chunk before the next: all
 * are in the same memory.
 *
 * @throws what the system calls throw
 */
export async function* readRange(
  file: OpenFile,
  begin: number,
  end: number,
): AsyncGenerator<Buffer> {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - begin));
  for (let at = begin; at < end; ) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, end - at), at);
    if (bytesRead === 0) return;
    yield chunk.subarray(0, bytesRead);
    at += bytesRead;
  }
}
