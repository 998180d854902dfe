import { createRequire } from 'node:module';
import { constants, gunzipSync, type inflateRawSync } from 'node:zlib';

import type * as ZlibSync from 'zlib-sync';

/**
 * Inflates the first `count` bytes of a gzip file, synchronously: fewer where `head` does not hold as
 * many, or is damaged before, and none where it is no gzip.
 *
 * @param head the first bytes of the file
 * @param count at most 16,384
 * @param native `zlib-sync`, or null to do without; the result is the same
 */
export function inflateHead(head: Buffer, count: number, native = loadZlibSync()): Buffer {
  const inflated = native === null ? Buffer.alloc(0) : inflateMember(native, head);
  // zlib-sync stops at the end of the first member, which may be short, and gives nothing of damage.
  const bytes = inflated.length < count ? inflateUpToDamage(head, gunzipSync) : inflated;
  return bytes.subarray(0, count);
}

/** All that can be inflated of `bytes`, which may end anywhere, up to the first damaged one. */
export function inflateUpToDamage(
  bytes: Buffer,
  inflate: typeof gunzipSync | typeof inflateRawSync,
): Buffer {
  let inflated: Buffer = Buffer.alloc(0);
  let good = 0;
  let bad = bytes.length + 1;
  // The whole at once, which mostly is good; else the longest piece that is, by halving.
  for (let length = bytes.length; bad - good > 1; length = (good + bad) >> 1) {
    try {
      inflated = inflate(bytes.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH });
      good = length;
    } catch {
      // Damage is told, with its place, by who reads the archive from its start.
      bad = length;
    }
  }
  return inflated;
}

/** The largest window (15), plus 16: zlib's way to ask for a gzip header. */
const GZIP_WINDOW_BITS = 15 + 16;

function inflateMember(native: typeof ZlibSync, head: Buffer): Buffer {
  const inflate = new native.Inflate({ windowBits: GZIP_WINDOW_BITS });
  inflate.push(head, native.Z_SYNC_FLUSH);
  const { err, result } = inflate;
  return err < 0 || !Buffer.isBuffer(result) ? Buffer.alloc(0) : result;
}

let zlibSync: typeof ZlibSync | null | undefined;

/** The optional dependency, or null where it did not build. */
export function loadZlibSync(): typeof ZlibSync | null {
  if (zlibSync === undefined) {
    try {
      zlibSync = createRequire(import.meta.url)('zlib-sync') as typeof ZlibSync;
    } catch {
      zlibSync = null;
    }
  }
  return zlibSync;
}
