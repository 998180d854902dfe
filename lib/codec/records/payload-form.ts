import { isUtf8 } from 'node:buffer';

/** The kind of a payload: JSON, other text in UTF-8, or bytes. */
export type PayloadForm =
  | { readonly kind: 'json'; readonly text: string; readonly value: unknown }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** Decides what a payload is. Nothing of it is lost: a byte order mark stays in the text, too. */
export function formOf(payload: string | Uint8Array): PayloadForm {
  if (typeof payload !== 'string' && !isUtf8(payload)) return { kind: 'bytes', bytes: payload };
  const text = typeof payload === 'string' ? payload : bufferOf(payload).toString('utf8');
  try {
    return { kind: 'json', text, value: JSON.parse(text) };
  } catch {
    // Any other text is a payload, too.
    return { kind: 'text', text };
  }
}

/** Bytes in base64, of a payload or of metadata. */
export function toBase64(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('base64');
}

/**
 * Whether `JSON.stringify` can be called with the value of this JSON. It recurses, so that deep
 * nesting ends it with a RangeError.
 */
export function isShallow(json: string): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (isText) {
      if (character === '\\') at++;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === '[' || character === '{') {
      if (++depth > DEEPEST) return false;
    } else if (character === ']' || character === '}') depth--;
  }
  return true;
}

const DEEPEST = 1000;

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
