import { createHash } from 'node:crypto';

/** Of each run, and in each of them. */
export const ARCHIVES = 20;
export const RECORDS = 5;

export const TEMPLATE = 'torture_[[WRITER]]-[[SEQUENCE]].events';

/** One archive of a run is larger than a part of an upload. */
const LARGE_RECORD_BYTES = 6 * 2 ** 20;
const SMALL_RECORD_BYTES = 2000;

/** What a run writes: bytes that follow from its place, and cannot be compressed. */
export function makeShipRecord(run: number, n: number): Buffer {
  const isLarge = n === (7 * run) % (ARCHIVES * RECORDS);
  const bytes = Buffer.alloc(isLarge ? LARGE_RECORD_BYTES : SMALL_RECORD_BYTES);
  // One stretch after the other: a digest of the whole place, and of how often it was taken.
  let digest = createHash('sha256').update(`${run}.${n}`).digest();
  for (let at = 0; at < bytes.length; at += digest.length) {
    digest.copy(bytes, at);
    if (at % 4096 === 0) digest = createHash('sha256').update(digest).digest();
    else digest = Buffer.from(digest.map((byte, i) => byte ^ (at >> (i % 8))));
  }
  return bytes;
}
