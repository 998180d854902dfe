import { isGzip } from '../../codec/gzip/gzip-header.js';
import { inflateHead } from '../../codec/gzip/inflate-head.js';
import { beginsAsJson } from '../../codec/json-lines/begins-as-json.js';
import {
  type FrameHeader,
  headerCrc,
  readFrameHeader,
} from '../../codec/version-2/frame-header.js';
import { MAGIC, MAGIC_OFFSET, PREAMBLE_BYTES, VERSION_OFFSET } from '../../format/preamble.js';
import { VERSION_1 } from '../../format/version-1.js';
import {
  HEADER_BYTES,
  HEADER_CRC_OFFSET,
  KIND_RECORDS,
  VERSION_2,
} from '../../format/version-2.js';
import type { FoundArchive } from '../opening/found-archive.js';

/** Writer, sequence and earliest time of an archive's first block. */
export type SequenceStart = Pick<FrameHeader, 'writer' | 'sequence' | 'earliestMicros'>;

/** How an archive begins, which decides its position in the series. */
export type ArchiveHead =
  | { readonly kind: 'sequenced'; readonly start: SequenceStart }
  /** Records have no sequences: version 1 or JSON lines. */
  | { readonly kind: 'unsequenced' }
  /** Still open, and without a whole header yet. */
  | { readonly kind: 'begun' }
  /** Not an archive, or one whose first header is damaged. */
  | { readonly kind: 'damaged' };

/** Enough of a gzip file to inflate a header: names and comments in gzip's own header are short. */
const PEEK_BYTES = 4096;

/** Reads the first bytes of an archive: one small read, or one request for a small range. */
export async function peekArchive(archive: FoundArchive): Promise<ArchiveHead> {
  const source = await archive.open();
  try {
    const head = await source.read({ start: 0, end: PEEK_BYTES });
    return readHead(isGzip(head) ? inflateHead(head, HEADER_BYTES) : head, source.isOpen);
  } finally {
    await source.close();
  }
}

function readHead(bytes: Buffer, isOpen: boolean): ArchiveHead {
  if (beginsAsJson(bytes[0])) return { kind: 'unsequenced' };
  if (bytes.length >= PREAMBLE_BYTES && bytes.readInt32LE(MAGIC_OFFSET) === MAGIC) {
    if (bytes.readInt16LE(VERSION_OFFSET) === VERSION_1) return { kind: 'unsequenced' };
    if (bytes.length >= HEADER_BYTES) {
      const start = readStart(bytes);
      return start === null ? { kind: 'damaged' } : { kind: 'sequenced', start };
    }
  }
  return { kind: isOpen && bytes.length < HEADER_BYTES ? 'begun' : 'damaged' };
}

function readStart(bytes: Buffer): SequenceStart | null {
  if (headerCrc(bytes) !== bytes.readUInt32LE(HEADER_CRC_OFFSET)) return null;
  const header = readFrameHeader(bytes);
  const isBlock = header.version === VERSION_2 && header.kind === KIND_RECORDS;
  // A forged header may hold numbers that become NaN, which cannot be sorted.
  const isSortable = [header.sequence, header.earliestMicros].every(Number.isSafeInteger);
  return isBlock && isSortable ? header : null;
}
