import type { ByteRange } from './byte-range.js';
import type { OpenFile } from './file-layer.js';
import { readRange } from './read-range.js';
import { writeAll } from './write-all.js';

/**
 * Copies a range of a file, as far as the file goes, to the start of another file.
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
  for await (const chunk of readRange(source, start, end)) {
    await writeAll(target, chunk, copied);
    copied += chunk.length;
    onCopied?.(chunk);
  }
}
