import { isUtf8 } from 'node:buffer';

/** Begins the text of bytes that are not UTF-8. */
export const BASE64 = 'base64:';

/**
 * The metadata value that stands for bytes of a message: their text if they are UTF-8, otherwise
 * `base64:` and base64. Text that itself begins with `base64:` is written in base64 too, so that
 * `bytesOfMetadata` gives back the same bytes.
 */
export function textOfBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = isUtf8(buffer) ? buffer.toString('utf8') : undefined;
  if (text !== undefined && !text.startsWith(BASE64)) return text;
  return BASE64 + buffer.toString('base64');
}

/** The bytes of a message for which a metadata value of `textOfBytes` stands. */
export function bytesOfMetadata(text: string): Buffer {
  if (!text.startsWith(BASE64)) return Buffer.from(text);
  const bytes = Buffer.from(text.slice(BASE64.length), 'base64');
  // Text that `textOfBytes` did not write stays as it is.
  return bytes.toString('base64') === text.slice(BASE64.length) ? bytes : Buffer.from(text);
}
