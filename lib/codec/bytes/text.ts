/** What `putText` returns for text that is no Unicode: UTF-8 has no bytes for a lone surrogate. */
export const NOT_WELL_FORMED = -1;

/** Up to this length a loop beats the call into C++ that `Buffer.write` is, five times at 5 units. */
const SHORT_TEXT = 32;

/** Up to this length one call into C++ beats two, the second of which is faster. */
const LONG_TEXT = 1024;

/**
 * Writes `text` as UTF-8 at `offset`; there must be room for three bytes a UTF-16 unit.
 *
 * @returns the bytes written, or `NOT_WELL_FORMED`
 */
export function putText(bytes: Buffer, offset: number, text: string): number {
  const length = text.length;
  if (length <= SHORT_TEXT) {
    let at = 0;
    while (at < length) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) return putAnyText(bytes, offset, text);
      bytes[offset + at] = unit;
      at++;
    }
    return length;
  }
  return putAnyText(bytes, offset, text);
}

function putAnyText(bytes: Buffer, offset: number, text: string): number {
  // ASCII alone has as many bytes as units. Counted first and then copied, 3 KB of it take 0.6 times as
  // long as to encode it unseen.
  const isAscii = text.length > LONG_TEXT && Buffer.byteLength(text, 'utf8') === text.length;
  if (isAscii) return bytes.write(text, offset, 'latin1');
  const written = bytes.write(text, offset, 'utf8');
  // A unit that is no ASCII has more bytes, and what stands in for a lone surrogate, too.
  return written === text.length || text.isWellFormed() ? written : NOT_WELL_FORMED;
}

/** Text to be encoded, or bytes that are taken as they are. */
export type Piece = string | Uint8Array;

/** As `putText`, also of bytes. */
export function putPiece(bytes: Buffer, offset: number, piece: Piece): number {
  if (typeof piece === 'string') return putText(bytes, offset, piece);
  bytes.set(piece, offset);
  return piece.length;
}

/** The most bytes that `piece` can take, without looking at text where that would be slow. */
export function mostBytes(piece: Piece): number {
  if (typeof piece !== 'string') return piece.length;
  // A long text is measured: three times its length would be a waste of memory.
  return piece.length <= 4096 ? 3 * piece.length : Buffer.byteLength(piece, 'utf8');
}
