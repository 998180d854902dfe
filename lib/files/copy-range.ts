import type { ByteRange } from './byte-range.js';
import type { OpenFile } from './file-layer.js';
import { readRange } from './read-range.js';
import { writeAll } from './write-all.js';
import { isAllZeros } from './zeros.js';

/**
 * Copies a range of a file, as far as the file goes, to the start of a new file. Zeros become holes,
 * so that the copy of a sparse file takes no more room on the disk.
 *
 * @param onCopied called with each chunk that was copied; the next chunk reuses its memory
 * @throws Node's error of the call that failed
 */
export async function copyRange(
  source: OpenFile,
  target: OpenFile,
  { start, end = Number.MAX_SAFE_INTEGER }: ByteRange,
  onCopied?: (chunk: Buffer) => void,
): Promise<void> {
  let copied = 0;
  let written = 0;
  for await (const chunk of readRange(source, start, end)) {
    const isHole = isAllZeros(chunk);
    if (!isHole) await writeAll(target, chunk, copied);
    copied += chunk.length;
    if (!isHole) written = copied;
    onCopied?.(chunk);
  }
  if (written < copied) await target.truncate(copied);
}
