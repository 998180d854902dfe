import { beginsAsJson } from '../../codec/bytes/begins-as-json.js';
import { inflateHead } from '../../codec/gzip/inflate-head.js';
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
import { isGzip } from '../../streams/gunzip.js';
import type { FoundArchive } from '../opening/found-archive.js';

/** Where an archive's records begin in those of their writer. */
export type SequenceStart = Pick<FrameHeader, 'writer' | 'sequence' | 'earliestMicros'>;

/**
 * What the first bytes of an archive say of where it belongs: its start; or that it has no sequences
 * (version 1, JSON lines); that it is `begun`, still open and without a whole header; or that it is
 * damaged, if an archive at all.
 */
export type ArchiveHead = SequenceStart | 'unsequenced' | 'begun' | 'damaged';

/** Enough of a gzip file to inflate a header: names and comments in its own header are short. */
const PEEK_BYTES = 4096;

/** Looks at the first bytes of an archive: one small read, or one request for a small range. */
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
  if (beginsAsJson(bytes[0])) return 'unsequenced';
  if (bytes.length >= PREAMBLE_BYTES && bytes.readInt32LE(MAGIC_OFFSET) === MAGIC) {
    if (bytes.readInt16LE(VERSION_OFFSET) === VERSION_1) return 'unsequenced';
    if (bytes.length >= HEADER_BYTES) return readStart(bytes) ?? 'damaged';
  }
  return isOpen && bytes.length < HEADER_BYTES ? 'begun' : 'damaged';
}

function readStart(bytes: Buffer): SequenceStart | null {
  if (headerCrc(bytes) !== bytes.readUInt32LE(HEADER_CRC_OFFSET)) return null;
  const header = readFrameHeader(bytes);
  const isBlock = header.version === VERSION_2 && header.kind === KIND_RECORDS;
  // NaN, which a forged header may come to, has no place in an order.
  const isPlace = [header.sequence, header.earliestMicros].every(Number.isSafeInteger);
  return isBlock && isPlace ? header : null;
}
