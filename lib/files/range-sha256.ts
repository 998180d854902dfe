import { createHash } from 'node:crypto';

import type { ByteRange } from './byte-range.js';
import type { OpenFile } from './file-layer.js';
import { readRange } from './read-range.js';

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
  let bytes = 0;
  for await (const chunk of readRange(file, start, end)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return bytes === end - start ? hash.digest() : null;
}
