/** How many bytes all pieces have together. */
export function totalBytes(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/**
 * Splits off the first `count` bytes of pieces; fewer if they have fewer.
 *
 * @returns these bytes, and views of the rest
 */
export function splitPieces(
  pieces: readonly Buffer[],
  count: number,
): { readonly head: Buffer; readonly rest: Buffer[] } {
  const head: Buffer[] = [];
  const rest: Buffer[] = [];
  let left = count;
  for (const piece of pieces) {
    if (left > 0) head.push(piece.subarray(0, left));
    if (piece.length > left) rest.push(piece.subarray(left));
    left = Math.max(0, left - piece.length);
  }
  return { head: head.length === 1 ? (head[0] ?? EMPTY) : Buffer.concat(head), rest };
}

const EMPTY = Buffer.alloc(0);
