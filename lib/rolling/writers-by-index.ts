import { crc32 } from 'node:zlib';

import { decodeIndexBody } from '../codec/archive-index.js';
import { readFrameHeader } from '../codec/frame-header.js';
import { isHeaderWhole, magicFault } from '../codec/frame-header-check.js';
import type { WriterList, WriterStart } from '../codec/known-writers.js';
import { DamageError } from '../errors/damage-error.js';
import {
  INDEX_FRAME_LENGTH_BYTES,
  MAX_INDEX_BODY_BYTES,
  MIN_INDEX_BODY_BYTES,
} from '../format/index-body.js';
import { HEADER_BYTES, KIND_INDEX } from '../format/version-2.js';
import type { ArchiveSource } from './archive-source.js';

/** What it takes to look at the end of an archive. */
type Ends = Pick<ArchiveSource, 'read' | 'size'>;

/** A file of more archives than this, concatenated, is read without the help of those before. */
const MAX_ARCHIVES = 1024;

/**
 * The writers of the archives in a file, the last one first, by the index at its end and those before it
 * (docs/format.md, "Finding it"). They are all where these lead to the start of the file: one that was cut
 * off may end with the index of an archive in a payload.
 */
export async function writersByIndex(source: Ends): Promise<WriterList> {
  const starts: WriterStart[] = [];
  let end = await source.size();
  for (let i = 0; i < MAX_ARCHIVES; i++) {
    const found = await readIndexBefore(source, end);
    if (found === null) break;
    const { begin, sequence, writer } = found;
    starts.push({ writer, sequence });
    end = begin;
  }
  return { starts, areAll: starts.length > 0 && end === 0 };
}

interface FoundArchive extends WriterStart {
  /** Where it begins in the file. */
  readonly begin: number;
}

/** Whose archive ends at `end`, and where it begins, by its index; null where there is none. */
async function readIndexBefore(source: Ends, end: number): Promise<FoundArchive | null> {
  if (end < HEADER_BYTES + MIN_INDEX_BODY_BYTES) return null;
  const last = await readExactly(source, end - INDEX_FRAME_LENGTH_BYTES, INDEX_FRAME_LENGTH_BYTES);
  const frameBytes = last?.readUInt32LE() ?? 0;
  const isPossible =
    frameBytes >= HEADER_BYTES + MIN_INDEX_BODY_BYTES &&
    frameBytes <= Math.min(HEADER_BYTES + MAX_INDEX_BODY_BYTES, end);
  const frame = isPossible ? await readExactly(source, end - frameBytes, frameBytes) : null;
  if (frame === null || magicFault(frame) !== null || !isHeaderWhole(frame)) return null;
  const header = readFrameHeader(frame);
  const body = frame.subarray(HEADER_BYTES);
  if (header.kind !== KIND_INDEX || header.storedBytes !== body.length) return null;
  if (crc32(body) !== header.bodyCrc) return null;
  try {
    const { archiveBytes, entries } = decodeIndexBody(body, end - frameBytes);
    const sequence = entries[0]?.sequence ?? header.sequence;
    return { writer: header.writer, sequence, begin: end - frameBytes - archiveBytes };
  } catch (error) {
    // What it says is of no use; that it is damaged is told by who reads the frames.
    if (error instanceof DamageError) return null;
    throw error;
  }
}

/** The bytes at a position, or null where the archive has no longer as many. */
async function readExactly(source: Ends, position: number, count: number): Promise<Buffer | null> {
  const bytes = await source.read({ start: position, end: position + count });
  return bytes.length < count ? null : bytes;
}
