import type { Evidence } from '../contract/store.js';
import type { WriteAnswer } from './s3-api.js';
import { checksumText, type PartDigests, type UploadDigests } from './upload-digests.js';

/**
 * Whether the store has the bytes that were sent, and what shows it; or what shows that it has
 * others.
 */
export type Verdict<Proof> =
  | { readonly kind: 'same'; readonly evidence: Proof }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'other'; readonly problem: string };

/** An object as it was sent. */
export interface SentObject {
  readonly bytes: number;
  readonly crc32: number;
  readonly digests: UploadDigests;
  /** The ETag in the answer to the last request; undefined where that answer was lost. */
  readonly etag: string | undefined;
}

/** An object as HEAD describes it. */
export interface FoundObject {
  readonly bytes: number;
  readonly etag: string | undefined;
  /**
   * A CRC-32 in base64. With a hyphen and the number of parts, it is that of the parts' checksums.
   */
  readonly checksum: string | undefined;
}

/**
 * Compares the object that was sent with the one that the store has now: the size first, then the
 * checksum, then the ETag. An ETag of another kind than MD5 shows only that the object consists of
 * the parts that were sent.
 *
 * @param found null where the store has no object under the key
 */
export function compareObject(sent: SentObject, found: FoundObject | null): Verdict<Evidence> {
  if (found === null) return other(`sent ${sent.bytes} bytes, but the store has nothing`);
  if (found.bytes !== sent.bytes) {
    return other(`sent ${sent.bytes} bytes, but the store has ${found.bytes}`);
  }
  if (found.checksum !== undefined) {
    const isOfParts = found.checksum.includes('-');
    const ours = isOfParts ? sent.digests.compositeCrc32 : checksumText(sent.crc32);
    if (found.checksum === ours) return { kind: 'same', evidence: 'checksum' };
    return other(`sent bytes of CRC-32 ${ours}, but the store has ${found.checksum}`);
  }
  if (found.etag === undefined) return { kind: 'unknown' };
  if (unquoted(found.etag) === sent.digests.etag) return { kind: 'same', evidence: 'etag' };
  if (sent.etag === undefined) return { kind: 'unknown' };
  if (unquoted(found.etag) !== unquoted(sent.etag)) {
    return other(`sent an object with the ETag ${sent.etag}, but the store has ${found.etag}`);
  }
  return sent.digests.isProven ? { kind: 'same', evidence: 'part-digests' } : { kind: 'unknown' };
}

/** The bytes of one request, and the answer to it. */
export interface AnsweredPart {
  /** The part's name in messages. */
  readonly name: string;
  readonly sent: PartDigests;
  readonly answer: WriteAnswer;
  /**
   * Whether the store's ETags were seen to be MD5s: only then does another ETag mean other bytes.
   */
  readonly isEtagMd5: boolean;
}

/**
 * Compares the digests of one request with those in the answer: the checksum first, then the ETag.
 */
export function comparePart(part: AnsweredPart): Verdict<'checksum' | 'etag'> {
  const { answer, isEtagMd5, name, sent } = part;
  const { ChecksumCRC32, ETag, ServerSideEncryption = '' } = answer;
  if (ChecksumCRC32 !== undefined) {
    const ours = checksumText(sent.crc32);
    if (ChecksumCRC32 === ours) return { kind: 'same', evidence: 'checksum' };
    return other(`sent ${name} of CRC-32 ${ours}, but the store has ${ChecksumCRC32}`);
  }
  if (sent.md5 === undefined || ETag === undefined) return { kind: 'unknown' };
  const [ours, etag] = [sent.md5.toString('hex'), unquoted(ETag)];
  if (etag === ours) return { kind: 'same', evidence: 'etag' };
  // The ETag of what KMS encrypts is not an MD5 in any store.
  if (!isEtagMd5 || ServerSideEncryption.startsWith('aws:kms')) return { kind: 'unknown' };
  return other(`sent ${name} of MD5 ${ours}, but the store has ${etag}`);
}

function other(problem: string): { readonly kind: 'other'; readonly problem: string } {
  return { kind: 'other', problem };
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}
