import { PartSlots } from './part-slots.js';

/** What a service was seen to do. It is tried once, and remembered for as long as the store lives. */
export class S3Habits {
  /** What becomes of `x-amz-checksum-crc32`: kept and given back, ignored, or the request is refused. */
  checksums: 'unknown' | 'kept' | 'ignored' | 'refused' = 'unknown';
  /** Whether an ETag was seen that is the MD5 of what was sent. (Encrypted by a key of KMS, it is none.) */
  givesMd5 = false;
  readonly parts = new PartSlots();
}
