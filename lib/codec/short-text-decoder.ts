/** Longer text is mostly another each time, and the call into C++ is worth it. */
const LONGEST = 16;

/** A power of two. */
const PLACES = 256;

/**
 * Decodes UTF-8. Short text that it gave lately it gives once more, not decoded but compared: with it the
 * metadata of small records takes half the time, and each string is in memory once.
 */
export class ShortTextDecoder {
  readonly #lately: (string | undefined)[] = new Array(PLACES);

  decode(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length === 0 || length > LONGEST) return bytes.toString('utf8', start, end);
    const place = placeOf(bytes, start, end);
    const known = this.#lately[place];
    if (known !== undefined && isSame(known, bytes, start, length)) return known;
    const text = bytes.toString('utf8', start, end);
    this.#lately[place] = text;
    return text;
  }
}

/** By what tells short words apart: how long they are, and what they begin and end with. */
function placeOf(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  const first = bytes[start] as number;
  const middle = bytes[start + (length >> 1)] as number;
  const last = bytes[end - 1] as number;
  return (length ^ (first << 1) ^ middle ^ (last << 4)) & (PLACES - 1);
}

/** Text that is not ASCII is never the same: it has other bytes than units. */
function isSame(text: string, bytes: Buffer, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit !== bytes[start + i] || unit >= 0x80) return false;
  }
  return true;
}
