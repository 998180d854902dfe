import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The digests of the bytes of one request. */
export interface PartDigests {
  readonly crc32: number;
  /** Undefined, to save time, where the store is known to return the CRC-32. */
  readonly md5: Buffer | undefined;
}

/** A part that the store has taken. */
export interface SentPart extends PartDigests {
  /** Whether the store returned the same digest. */
  readonly isProven: boolean;
}

/** @param kind `'crc32'` for a store that is known to return the CRC-32 */
export function digestsOf(bytes: Uint8Array, kind: 'crc32' | 'crc32 and md5'): PartDigests {
  return { crc32: crc32(bytes), md5: kind === 'crc32' ? undefined : md5Of(bytes) };
}

export function md5Of(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}

/** A CRC-32 as S3 writes it: base64 of its big-endian bytes. */
export function checksumText(checksum: number): string {
  return bigEndian(checksum).toString('base64');
}

/** The digests of the parts that the store has taken, and what they make the object's digests. */
export class UploadDigests {
  readonly #parts = new Map<number, SentPart>();
  #kind: 'one request' | 'multipart' = 'one request';

  /** The object was sent in one request. */
  setWhole(part: SentPart): void {
    this.#parts.set(1, part);
  }

  /** @param number from 1 */
  setPart(number: number, part: SentPart): void {
    this.#kind = 'multipart';
    this.#parts.set(number, part);
  }

  /** Whether the store returned the same digest for each part. */
  get isProven(): boolean {
    const parts = this.#inOrder();
    return parts.length > 0 && parts.every((part) => part.isProven);
  }

  /**
   * The object's ETag, without quotes, in a store that makes ETags of MD5s as S3 does: the MD5 of
   * one request, or the MD5 of the parts' MD5s and their number. Undefined where an MD5 was not
   * computed.
   */
  get etag(): string | undefined {
    const digests = this.#inOrder().flatMap(({ md5 }) => (md5 === undefined ? [] : [md5]));
    if (digests.length < this.#parts.size) return undefined;
    if (this.#kind === 'one request') return digests[0]?.toString('hex');
    return `${md5Of(Buffer.concat(digests)).toString('hex')}-${digests.length}`;
  }

  /**
   * The `COMPOSITE` checksum of a multipart object: the CRC-32 of the parts' CRC-32s, and their
   * number.
   */
  get compositeCrc32(): string {
    const checksums = this.#inOrder().map((part) => bigEndian(part.crc32));
    return `${checksumText(crc32(Buffer.concat(checksums)))}-${checksums.length}`;
  }

  #inOrder(): SentPart[] {
    return [...this.#parts].sort(([a], [b]) => a - b).map(([, part]) => part);
  }
}

function bigEndian(checksum: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum);
  return bytes;
}
