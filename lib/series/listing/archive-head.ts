import { memberFormatOf } from '../../codec/compression/member-formats.js';
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
import type { ArchiveSource } from '../opening/archive-source.js';
import type { ArchiveIdentity, FoundArchive } from '../opening/found-archive.js';
import { WholeSource } from '../opening/whole-source.js';

/** Writer, sequence and earliest time of an archive's first block. */
export type SequenceStart = Pick<FrameHeader, 'writer' | 'sequence' | 'earliestMicros'>;

/** How an archive begins, which decides its position in the series. */
export type ArchiveHead =
  | { readonly kind: 'sequenced'; readonly start: SequenceStart }
  /** Records have no sequences: version 1 or JSON lines. */
  | { readonly kind: 'unsequenced'; readonly format: 'v1' | 'jsonl' }
  /** Still open, and without a whole header yet. */
  | { readonly kind: 'begun' }
  /** Not an archive, or one whose first header is damaged. */
  | { readonly kind: 'damaged' };

/**
 * Enough of a compressed file to decompress a header: names and comments in gzip's own header are
 * short.
 */
const PEEK_BYTES = 4096;

/** A first block of zstd that is longer than `PEEK_BYTES` takes a second read; frames to skip, a third. */
const MOST_READS = 3;

/** How many of the first bytes an archive without sequences is recognised by. */
const HEAD_BYTES = 512;

const NO_BYTES = new Uint8Array();

/** Reads the first bytes of an archive: one small read, or one request for a small range. */
export async function peekArchive(archive: FoundArchive): Promise<ArchiveHead> {
  return (await identifyArchive(archive)).head;
}

/** The facts in the first bytes of an archive. */
export interface IdentifiedArchive {
  readonly head: ArchiveHead;
  readonly identity: ArchiveIdentity;
}

export interface IdentifyOptions {
  /**
   * Whether the archive is read soon: one that was read whole with its head is kept in memory for
   * that, and its file is not asked for if its first block identifies it. Opened twice, 10,000
   * archives of 20 records take twice the CPU.
   *
   * @default false
   */
  readonly isReadSoon?: boolean;
}

/** As `peekArchive`; also says what the archive is recognised by, which the archive remembers. */
export async function identifyArchive(
  archive: FoundArchive,
  { isReadSoon = false }: IdentifyOptions = {},
): Promise<IdentifiedArchive> {
  const source = await archive.open();
  try {
    const first = await source.read({ start: 0, end: PEEK_BYTES });
    const { isCompressed, uncompressed } = await readUncompressedHead(source, first);
    const head = readHead(uncompressed, source.isOpen);
    const isReady = isReadSoon && head.kind === 'sequenced';
    const isFinal = first.length < PEEK_BYTES && !source.isOpen;
    if (isReady && isFinal) archive.keep?.(keptSource(source.path, first));
    // The few bytes of a header that is being written are the same in every archive.
    const isRecognisedByHead = head.kind === 'unsequenced' || head.kind === 'damaged';
    const identity = {
      start: head.kind === 'sequenced' ? head.start : undefined,
      head: isRecognisedByHead ? Uint8Array.from(uncompressed.subarray(0, HEAD_BYTES)) : NO_BYTES,
      file: isReady ? undefined : await source.fileNumber?.(),
      isCompressed,
    };
    archive.remember?.(identity);
    return { head, identity };
  } finally {
    await source.close();
  }
}

/** Records are views of its bytes, which must not keep much more memory. */
function keptSource(path: string, bytes: Buffer): ArchiveSource {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return new WholeSource(path, own, 'sealed');
}

async function readUncompressedHead(
  source: ArchiveSource,
  first: Buffer,
): Promise<{ readonly isCompressed: boolean; readonly uncompressed: Buffer }> {
  let bytes = first;
  const format = memberFormatOf(bytes);
  if (format === null) return { isCompressed: false, uncompressed: bytes };
  for (let reads = 1; reads < MOST_READS; reads++) {
    const needed = format.headBytes(bytes, HEAD_BYTES);
    if (needed <= bytes.length) break;
    bytes = await source.read({ start: 0, end: needed });
  }
  return { isCompressed: true, uncompressed: format.readHead(bytes, HEAD_BYTES) };
}

/** Whether `found` is the archive whose head before was `known`, and may have grown since. */
export function isSameArchive(known: ArchiveIdentity, found: ArchiveIdentity): boolean {
  const { file, start } = known;
  if (start !== undefined) {
    return start.writer === found.start?.writer && start.sequence === found.start.sequence;
  }
  // A compressed copy is another file.
  const areFiles = known.isCompressed === found.isCompressed && found.file !== undefined;
  if (areFiles && file !== undefined && file.dev === found.file.dev) {
    return file.ino === found.file.ino;
  }
  return beginsAs(known, found);
}

/** Whether an archive without sequences begins with the bytes of `known`. */
export function beginsAs({ head }: ArchiveIdentity, found: ArchiveIdentity): boolean {
  return head.length > 0 && Buffer.compare(head, found.head.subarray(0, head.length)) === 0;
}

function readHead(bytes: Buffer, isOpen: boolean): ArchiveHead {
  if (beginsAsJson(bytes[0])) return { kind: 'unsequenced', format: 'jsonl' };
  if (bytes.length >= PREAMBLE_BYTES && bytes.readInt32LE(MAGIC_OFFSET) === MAGIC) {
    if (bytes.readInt16LE(VERSION_OFFSET) === VERSION_1) {
      return { kind: 'unsequenced', format: 'v1' };
    }
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
  if (!isBlock || !isSortable) return null;
  const { earliestMicros, sequence, writer } = header;
  return { earliestMicros, sequence, writer };
}
