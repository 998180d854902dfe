import { createHash } from 'node:crypto';

import type { OpenFile } from '../storage/file-layer.js';
import type { ByteRange } from '../storage/store.js';

const CHUNK_BYTES = 2 ** 20;

/**
 * The SHA-256 of a range of a file, which is read for it; null where the file ends before.
 *
 * @throws what the system calls throw
 */
export async function sha256OfRange(
  file: OpenFile,
  { start, end }: Required<ByteRange>,
): Promise<Buffer | null> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - start));
  for (let at = start; at < end; ) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, end - at), at);
    if (bytesRead === 0) return null;
    hash.update(chunk.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest();
}
