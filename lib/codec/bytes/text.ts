/** `putText` returns this for text with a lone surrogate, which UTF-8 cannot encode. */
export const NOT_WELL_FORMED = -1;

/**
 * Up to this length a loop beats `Buffer.write`, a call into C++; at 5 units it is 5 times as fast.
 */
const SHORT_TEXT = 32;

/**
 * Writes `text` as UTF-8 from `start` on. The caller has made room for three bytes per UTF-16 unit.
 *
 * @returns the bytes written, or `NOT_WELL_FORMED`
 */
export function putText(bytes: Buffer, start: number, text: string): number {
  const length = text.length;
  if (length <= SHORT_TEXT) {
    let at = 0;
    while (at < length) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) return putAnyText(bytes, start, text);
      bytes[start + at] = unit;
      at++;
    }
    return length;
  }
  return putAnyText(bytes, start, text);
}

function putAnyText(bytes: Buffer, start: number, text: string): number {
  const written = bytes.write(text, start, 'utf8');
  // Any other unit takes more bytes, and so does U+FFFD, which replaces a lone surrogate.
  return written === text.length || text.isWellFormed() ? written : NOT_WELL_FORMED;
}

/** Text to encode, or bytes to copy unchanged. */
export type Piece = string | Uint8Array;

/** As `putText`, for text or bytes. */
export function putPiece(bytes: Buffer, start: number, piece: Piece): number {
  if (typeof piece === 'string') return putText(bytes, start, piece);
  bytes.set(piece, start);
  return piece.length;
}

/**
 * An upper bound for the bytes of `piece`. Does not measure short text, nor text that fits `room` in
 * any case: Node 24 takes three times as long to measure text as to encode it. Records with 11 KB of
 * text would take 1.5 times as long, on Node 20 1.4 times.
 */
export function mostBytes(piece: Piece, room = 0): number {
  if (typeof piece !== 'string') return piece.length;
  const most = MOST_BYTES_PER_UNIT * piece.length;
  // To reserve so much for long text would waste memory.
  return most <= SHORT_BYTES || most <= room ? most : Buffer.byteLength(piece, 'utf8');
}

/** A UTF-16 unit takes three bytes in UTF-8 at most. */
const MOST_BYTES_PER_UNIT = 3;

const SHORT_BYTES = 12 * 2 ** 10;
