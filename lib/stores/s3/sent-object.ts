import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The digests of a run of bytes that goes out in one request. */
export interface PartDigests {
  readonly crc32: number;
  /** Undefined where the store's CRC-32 is known to come back, which costs less. */
  readonly md5: Buffer | undefined;
}

/** A part that the store has taken. */
export interface SentPart extends PartDigests {
  /** Whether the store's digest of it is ours. */
  readonly isProven: boolean;
}

/** @param kind what is asked of a store that is known to give a CRC-32 back, or of any */
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

/** The parts that a store has taken of an object, and what its digests of the whole must be. */
export class SentObject {
  readonly #parts = new Map<number, SentPart>();
  #kind: 'one request' | 'multipart' = 'one request';

  /** The object went out in one request. */
  setWhole(part: SentPart): void {
    this.#parts.set(1, part);
  }

  /** @param number counted from 1 */
  setPart(number: number, part: SentPart): void {
    this.#kind = 'multipart';
    this.#parts.set(number, part);
  }

  /** Whether the store's digest of each part is ours. */
  get isProven(): boolean {
    const parts = this.#inOrder();
    return parts.length > 0 && parts.every((part) => part.isProven);
  }

  /** The ETag where it is made of MD5s, without quotes; undefined where not all are known. */
  get md5(): string | undefined {
    const digests = this.#inOrder().flatMap(({ md5 }) => (md5 === undefined ? [] : [md5]));
    if (digests.length < this.#parts.size) return undefined;
    if (this.#kind === 'one request') return digests[0]?.toString('hex');
    const ofAll = createHash('md5').update(Buffer.concat(digests)).digest('hex');
    return `${ofAll}-${digests.length}`;
  }

  /** The checksum of a multipart object that is made of its parts': CRC-32 of CRC-32s, and their number. */
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
