/** As large as the largest chunk that is read of a file. */
const ZEROS = Buffer.alloc(2 ** 20);

/** Whether all bytes are zeros, as in the holes of a sparse file. Stops at the first that is not. */
export function isAllZeros(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (!part.equals(ZEROS.subarray(0, part.length))) return false;
  }
  return true;
}

/** Zeros in memory that all callers share: none may change them. */
export function sharedZeros(bytes: number): Buffer {
  return bytes <= ZEROS.length ? ZEROS.subarray(0, bytes) : Buffer.alloc(bytes);
}
