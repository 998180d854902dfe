import { beginsAsJson } from '../../codec/bytes/begins-as-json.js';
import { measureFrame } from '../../codec/frames/measure-frame.js';

const LINE_FEED = 0x0a;

/**
 * How many of the first `most` bytes are whole frames, or lines.
 *
 * @param bytes what was encoded, from where a frame begins
 */
export function wholeFrameBytes(bytes: Buffer, most: number): number {
  if (beginsAsJson(bytes[0])) return bytes.subarray(0, most).lastIndexOf(LINE_FEED) + 1;
  for (let end = 0; ; ) {
    const frame = measureFrame(bytes.subarray(end));
    if (frame === null || typeof frame === 'number' || end + frame.bytes > most) return end;
    end += frame.bytes;
  }
}
