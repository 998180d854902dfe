import { createHash } from 'node:crypto';

/** Archives of a run. */
export const ARCHIVES = 20;

/** Records of an archive. */
export const RECORDS = 5;

export const TEMPLATE = 'torture_[[WRITER]]-[[SEQUENCE]].events';

/** One archive of a run is larger than a part of an upload. */
const LARGE_RECORD_BYTES = 6 * 2 ** 20;
const SMALL_RECORD_BYTES = 2000;

/** The payload of a run's record: incompressible bytes that depend only on `run` and `n`. */
export function makeShipRecord(run: number, n: number): Buffer {
  const isLarge = n === (7 * run) % (ARCHIVES * RECORDS);
  const bytes = Buffer.alloc(isLarge ? LARGE_RECORD_BYTES : SMALL_RECORD_BYTES);
  // A fresh digest every 4 KiB, and cheap changes of it in between.
  let digest = createHash('sha256').update(`${run}.${n}`).digest();
  for (let at = 0; at < bytes.length; at += digest.length) {
    digest.copy(bytes, at);
    if (at % 4096 === 0) digest = createHash('sha256').update(digest).digest();
    else digest = Buffer.from(digest.map((byte, i) => byte ^ (at >> (i % 8))));
  }
  return bytes;
}
