import { crc32 } from 'node:zlib';

import {
  type ArchiveIndex,
  checkIndexedBytes,
  decodeIndexBody,
} from '../../codec/version-2/archive-index.js';
import { type FrameHeader, readFrameHeader } from '../../codec/version-2/frame-header.js';
import {
  headerFault,
  isHeaderWhole,
  magicFault,
} from '../../codec/version-2/frame-header-check.js';
import { DamageError } from '../../errors/damage-error.js';
import {
  INDEX_FRAME_LENGTH_BYTES,
  MAX_INDEX_BODY_BYTES,
  MIN_INDEX_BODY_BYTES,
} from '../../format/index-body.js';
import { HEADER_BYTES, KIND_INDEX } from '../../format/version-2.js';
import type { ArchiveEnds } from './archive-tail.js';

/** An archive in a file, according to its index. */
export interface IndexedArchive {
  readonly header: FrameHeader;
  readonly index: ArchiveIndex;
  /** The offset where the archive begins in the file. */
  readonly begin: number;
  /** The offset where its index begins. */
  readonly indexBegin: number;
}

export interface IndexChain<Fact> {
  /** The values kept of each archive, the last archive first. */
  readonly archives: readonly Fact[];
  /**
   * Whether these are all archives in the file: the first one begins at offset 0. A file that was
   * cut off may end with the index of an archive in a payload, which leads elsewhere.
   */
  readonly isWhole: boolean;
}

/**
 * A file of more concatenated archives than this is read without the help of the earlier indexes.
 */
const MAX_ARCHIVES = 1024;

/**
 * The archives in a file, by the index at its end and those before it (docs/format.md, "Finding
 * it"). One index is in memory at a time: with all its entries it may take 10 MB.
 *
 * @param keep what to keep of an archive
 */
export async function readIndexChain<Fact>(
  source: ArchiveEnds,
  keep: (archive: IndexedArchive) => Fact | Promise<Fact>,
): Promise<IndexChain<Fact>> {
  const archives: Fact[] = [];
  let end = await source.size();
  while (archives.length < MAX_ARCHIVES) {
    const found = await readIndexBefore(source, end);
    if (found === null) break;
    archives.push(await keep(found));
    end = found.begin;
  }
  return { archives, isWhole: archives.length > 0 && end === 0 };
}

/**
 * The archive whose index ends at `end`.
 *
 * @param isWanted if given, reads the index's header first, and the rest, which may be 2.6 MB, only
 *   if this returns true
 * @returns null if no index ends there, if it is damaged, or if it is not wanted
 */
export async function readIndexBefore(
  source: ArchiveEnds,
  end: number,
  isWanted?: (header: FrameHeader) => boolean,
): Promise<IndexedArchive | null> {
  if (end < HEADER_BYTES + MIN_INDEX_BODY_BYTES) return null;
  const last = await readExactly(source, end - INDEX_FRAME_LENGTH_BYTES, end);
  const frameBytes = last?.readUInt32LE() ?? 0;
  const isPossible =
    frameBytes >= HEADER_BYTES + MIN_INDEX_BODY_BYTES &&
    frameBytes <= Math.min(HEADER_BYTES + MAX_INDEX_BODY_BYTES, end);
  if (!isPossible) return null;
  const indexBegin = end - frameBytes;
  if (isWanted !== undefined) {
    const head = await readExactly(source, indexBegin, indexBegin + HEADER_BYTES);
    const header = head === null ? null : indexHeaderOf(head);
    if (header === null || !isWanted(header)) return null;
  }
  const frame = await readExactly(source, indexBegin, end);
  return frame === null ? null : decodeIndexFrame(frame, indexBegin);
}

function decodeIndexFrame(frame: Buffer, indexBegin: number): IndexedArchive | null {
  const header = indexHeaderOf(frame);
  const body = frame.subarray(HEADER_BYTES);
  if (header === null || header.storedBytes !== body.length) return null;
  if (crc32(body) !== header.bodyCrc) return null;
  try {
    const index = decodeIndexBody(body, indexBegin);
    checkIndexedBytes(index, indexBegin);
    return { header, index, begin: indexBegin - index.archiveBytes, indexBegin };
  } catch (error) {
    // The index is useless here. The reader of the frames reports the damage.
    if (error instanceof DamageError) return null;
    throw error;
  }
}

/** The header at the start of `bytes`; null if it is damaged, or not that of an index. */
function indexHeaderOf(bytes: Buffer): FrameHeader | null {
  if (magicFault(bytes) !== null || !isHeaderWhole(bytes)) return null;
  const header = readFrameHeader(bytes);
  const isGood = header.kind === KIND_INDEX && headerFault(header, MAX_INDEX_BODY_BYTES) === null;
  return isGood ? header : null;
}

/** The bytes of a range; null if the source has become shorter. */
async function readExactly(
  source: ArchiveEnds,
  start: number,
  end: number,
): Promise<Buffer | null> {
  const bytes = await source.read({ start, end });
  return bytes.length < end - start ? null : bytes;
}
