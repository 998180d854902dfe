import { PartSlots } from './part-slots.js';

/** The requests that can be made conditional. */
export type ConditionalRequest = 'PutObject' | 'CompleteMultipartUpload';

/**
 * The features of a service that its answers have shown so far. A store keeps them while it is
 * open.
 */
export class S3Capabilities {
  /** The service returns `x-amz-checksum-crc32`, ignores it, or refuses requests that carry it. */
  checksums: 'unknown' | 'kept' | 'ignored' | 'refused' = 'unknown';
  /** Whether an ETag was seen that is the MD5 of the bytes sent. (With SSE-KMS it never is.) */
  isEtagMd5 = false;
  /** Requests with `If-None-Match` that the service refused: it takes them only without. */
  readonly refusedConditions = new Set<ConditionalRequest>();
  /** Whether the service was seen to refuse conditional writes to a taken key. */
  refusesTaken = false;
  /**
   * Keys of uploads whose creation was never answered, and since when there may be such uploads, in
   * milliseconds.
   */
  readonly lostUploads = new Map<string, number>();
  readonly partSlots = new PartSlots();
}
