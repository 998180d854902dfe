import { PartSlots } from './part-slots.js';

/**
 * The features of a service that its answers have shown so far. A store keeps them while it is
 * open.
 */
export class S3Capabilities {
  /** The service returns `x-amz-checksum-crc32`, ignores it, or refuses requests that carry it. */
  checksums: 'unknown' | 'kept' | 'ignored' | 'refused' = 'unknown';
  /** Whether an ETag was seen that is the MD5 of the bytes sent. (With SSE-KMS it never is.) */
  isEtagMd5 = false;
  readonly partSlots = new PartSlots();
}
