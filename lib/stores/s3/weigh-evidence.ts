import type { Evidence } from '../contract/store.js';
import { checksumText, type SentObject } from './sent-object.js';

/** What was sent, in all. */
export interface SentWhole {
  readonly bytes: number;
  readonly crc32: number;
  readonly parts: SentObject;
  /** The ETag that the last request was answered with, where it was. */
  readonly etag: string | undefined;
}

/** What a HEAD tells of the object that is there now. */
export interface FoundObject {
  readonly bytes: number;
  readonly etag: string | undefined;
  /** CRC-32 in base64; with the number of parts behind it, that of the parts' checksums. */
  readonly checksum: string | undefined;
}

/** What shows that it is the object that was sent; or how it is known to be another one. */
export type Verdict =
  | { readonly kind: 'same'; readonly evidence: Evidence }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'other'; readonly problem: string };

/** Compares what was sent with what is there. */
export function weighEvidence(sent: SentWhole, found: FoundObject | null): Verdict {
  if (found === null) return other(`sent ${sent.bytes} bytes, but the store has nothing`);
  if (found.bytes !== sent.bytes) {
    return other(`sent ${sent.bytes} bytes, but the store has ${found.bytes}`);
  }
  if (found.checksum !== undefined) {
    const isOfParts = found.checksum.includes('-');
    const ours = isOfParts ? sent.parts.compositeCrc32 : checksumText(sent.crc32);
    if (found.checksum === ours) return { kind: 'same', evidence: 'checksum' };
    return other(`sent bytes of CRC-32 ${ours}, but the store has ${found.checksum}`);
  }
  if (found.etag === undefined) return { kind: 'unknown' };
  if (unquoted(found.etag) === sent.parts.md5) return { kind: 'same', evidence: 'etag' };
  if (sent.etag === undefined) return { kind: 'unknown' };
  if (unquoted(found.etag) !== unquoted(sent.etag)) {
    return other(`sent an object with the ETag ${sent.etag}, but the store has ${found.etag}`);
  }
  return sent.parts.isProven ? { kind: 'same', evidence: 'part-digests' } : { kind: 'unknown' };
}

function other(problem: string): Verdict {
  return { kind: 'other', problem };
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}
