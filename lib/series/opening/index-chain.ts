import { crc32 } from 'node:zlib';

import { type ArchiveIndex, decodeIndexBody } from '../../codec/version-2/archive-index.js';
import { type FrameHeader, readFrameHeader } from '../../codec/version-2/frame-header.js';
import { isHeaderWhole, magicFault } from '../../codec/version-2/frame-header-check.js';
import { DamageError } from '../../errors/damage-error.js';
import {
  INDEX_FRAME_LENGTH_BYTES,
  MAX_INDEX_BODY_BYTES,
  MIN_INDEX_BODY_BYTES,
} from '../../format/index-body.js';
import { HEADER_BYTES, KIND_INDEX } from '../../format/version-2.js';
import type { ArchiveEnds } from './archive-tail.js';

/** An archive in a file, by its index. */
export interface IndexedArchive {
  readonly header: FrameHeader;
  readonly index: ArchiveIndex;
  /** Where it begins in the file, and where its index does. */
  readonly begin: number;
  readonly indexBegin: number;
}

export interface IndexChain {
  /** The last one first. */
  readonly archives: readonly IndexedArchive[];
  /**
   * Whether they are all, since the first begins where the file does. A file that was cut off may end with
   * the index of an archive in a payload.
   */
  readonly isWhole: boolean;
}

/** A file of more archives than this, concatenated, is read without the help of those before. */
const MAX_ARCHIVES = 1024;

/** The archives in a file, by the index at its end and those before it (docs/format.md, "Finding it"). */
export async function readIndexChain(source: ArchiveEnds): Promise<IndexChain> {
  const archives: IndexedArchive[] = [];
  let end = await source.size();
  while (archives.length < MAX_ARCHIVES) {
    const found = await readIndexBefore(source, end);
    if (found === null) break;
    archives.push(found);
    end = found.begin;
  }
  return { archives, isWhole: archives.length > 0 && end === 0 };
}

/** The archive that ends at `end`; null where no index does, or one that is damaged. */
async function readIndexBefore(source: ArchiveEnds, end: number): Promise<IndexedArchive | null> {
  if (end < HEADER_BYTES + MIN_INDEX_BODY_BYTES) return null;
  const last = await readExactly(source, end - INDEX_FRAME_LENGTH_BYTES, end);
  const frameBytes = last?.readUInt32LE() ?? 0;
  const isPossible =
    frameBytes >= HEADER_BYTES + MIN_INDEX_BODY_BYTES &&
    frameBytes <= Math.min(HEADER_BYTES + MAX_INDEX_BODY_BYTES, end);
  const indexBegin = end - frameBytes;
  const frame = isPossible ? await readExactly(source, indexBegin, end) : null;
  if (frame === null || magicFault(frame) !== null || !isHeaderWhole(frame)) return null;
  const header = readFrameHeader(frame);
  const body = frame.subarray(HEADER_BYTES);
  if (header.kind !== KIND_INDEX || header.storedBytes !== body.length) return null;
  if (crc32(body) !== header.bodyCrc) return null;
  try {
    const index = decodeIndexBody(body, indexBegin);
    return { header, index, begin: indexBegin - index.archiveBytes, indexBegin };
  } catch (error) {
    // What it says is of no use; that it is damaged is told by who reads the frames.
    if (error instanceof DamageError) return null;
    throw error;
  }
}

/** The bytes of a range, or null where there are no longer as many. */
async function readExactly(
  source: ArchiveEnds,
  start: number,
  end: number,
): Promise<Buffer | null> {
  const bytes = await source.read({ start, end });
  return bytes.length < end - start ? null : bytes;
}
