import { createRequire } from 'node:module';
import { constants, gunzipSync } from 'node:zlib';

import type * as ZlibSync from 'zlib-sync';

/**
 * Inflates the first `count` bytes of a gzip file, synchronously: fewer where `head` does not hold as
 * many, and none where it is no gzip, or is damaged.
 *
 * @param head the first bytes of the file
 * @param count at most 16,384
 * @param native `zlib-sync`, or null to do without; the result is the same
 */
export function inflateHead(head: Buffer, count: number, native = loadZlibSync()): Buffer {
  const inflated = native === null ? Buffer.alloc(0) : inflateMember(native, head);
  // zlib-sync stops at the end of the first member, which may be short.
  const bytes = inflated.length < count ? inflateMembers(head) : inflated;
  return bytes.subarray(0, count);
}

/** The largest window (15), plus 16: zlib's way to ask for a gzip header. */
const GZIP_WINDOW_BITS = 15 + 16;

function inflateMember(native: typeof ZlibSync, head: Buffer): Buffer {
  const inflate = new native.Inflate({ windowBits: GZIP_WINDOW_BITS });
  inflate.push(head, native.Z_SYNC_FLUSH);
  const { err, result } = inflate;
  return err < 0 || !Buffer.isBuffer(result) ? Buffer.alloc(0) : result;
}

function inflateMembers(head: Buffer): Buffer {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    // Damage is told, with its place, by who reads the archive from its start.
    return Buffer.alloc(0);
  }
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
