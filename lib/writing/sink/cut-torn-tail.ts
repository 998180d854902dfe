import { measureFrame } from '../../codec/frames/measure-frame.js';
import { beginsAsJson } from '../../codec/json-lines/begins-as-json.js';
import type { OpenFile } from '../../files/file-layer.js';
import { LINE_FEED } from '../../format/json-lines.js';

/**
 * Cuts the torn frame off that a failed append has left at the end of a file. Whole frames stay, so
 * that readers need not wait until there is room again.
 *
 * @param start where the append began in the file
 * @param bytes the bytes that it should have written
 * @returns how many of `bytes` are in the file now; 0 if the call fails, in which case the next
 *   append writes all of them again
 */
export async function cutTornTail(file: OpenFile, start: number, bytes: Buffer): Promise<number> {
  try {
    const { size } = await file.stat();
    const wholeBytes = wholeFrameBytes(bytes, size - start);
    await file.truncate(start + wholeBytes);
    return wholeBytes;
  } catch {
    return 0;
  }
}

/**
 * How many of the first `most` bytes are whole frames, or lines.
 *
 * @param bytes encoded records, from the start of a frame
 */
export function wholeFrameBytes(bytes: Buffer, most: number): number {
  if (beginsAsJson(bytes[0])) return bytes.subarray(0, most).lastIndexOf(LINE_FEED) + 1;
  for (let end = 0; ; ) {
    const frame = measureFrame(bytes.subarray(end));
    if (frame === null || typeof frame === 'number' || end + frame.bytes > most) return end;
    end += frame.bytes;
  }
}
