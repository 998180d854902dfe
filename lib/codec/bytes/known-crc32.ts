const known = new WeakMap<Buffer, number>();

/**
 * Says that a chunk has this CRC-32, because a decompressor has compared it. No code may change
 * the chunk from then on.
 */
export function noteCrc32(chunk: Buffer, crc: number): void {
  known.set(chunk, crc);
}

/** The CRC-32 of a chunk if it was noted; a slice or a copy of the chunk has none. */
export function knownCrc32(chunk: Buffer): number | undefined {
  return known.get(chunk);
}
