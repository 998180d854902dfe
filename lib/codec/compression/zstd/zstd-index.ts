import {
  END_SECTION_BYTES,
  FIELDS_OFFSET,
  KIND_END,
  KIND_INDEX,
} from '../../../format/member-index.js';
import {
  END_ID,
  INDEX_MAGIC,
  MAX_ZSTD_INDEX_BYTES,
  MIN_DATA_FRAME_BYTES,
  MIN_ZSTD_INDEX_BYTES,
  SKIPPABLE_HEADER_BYTES,
  SKIPPABLE_SIZE_OFFSET,
  ZSTD_END_BYTES,
} from '../../../format/seekable-zstd.js';
import { type FileTotals, readEndSection, writeEndSection } from '../members/end-section.js';
import { entriesOf, indexSectionBytes, writeIndexSection } from '../members/index-section.js';
import type { MemberEntry } from '../members/member-entry.js';
import { checkSection, isSection, type MemberFail } from '../members/section.js';

/** Enough of a frame to show whether it is our index: header, and the preface of the section. */
export const INDEX_START_BYTES = SKIPPABLE_HEADER_BYTES + FIELDS_OFFSET;

/** Whether bytes begin with our index frame, by its first `INDEX_START_BYTES`. */
export function isIndexFrame(bytes: Buffer): boolean {
  const hasMagic = INDEX_MAGIC.every((byte, i) => bytes[i] === byte);
  return hasMagic && isSection(bytes.subarray(SKIPPABLE_HEADER_BYTES), KIND_INDEX);
}

/** Encodes the index frame without the end that it ends with. */
export function encodeZstdIndex(entries: readonly MemberEntry[]): Buffer {
  const sectionBytes = indexSectionBytes(entries.length);
  const index = Buffer.alloc(SKIPPABLE_HEADER_BYTES + sectionBytes);
  index.set(INDEX_MAGIC);
  index.writeUInt32LE(sectionBytes + ZSTD_END_BYTES, SKIPPABLE_SIZE_OFFSET);
  writeIndexSection(index, SKIPPABLE_HEADER_BYTES, entries, 0);
  return index;
}

/** Encodes the end of a file, with which the index frame ends. */
export function encodeZstdEnd(totals: FileTotals): Buffer {
  const end = Buffer.alloc(ZSTD_END_BYTES);
  writeEndSection(end.subarray(0, END_SECTION_BYTES), 0, totals);
  end.set(END_ID, END_SECTION_BYTES);
  return end;
}

/**
 * Decodes the entries of an index frame.
 *
 * @param index the frame without its end
 */
export function* decodeZstdIndex(index: Buffer, fail: MemberFail): Generator<MemberEntry> {
  if (!isIndexFrame(index)) {
    fail(0, 'an index frame', `0x${index.toString('hex', 0, INDEX_START_BYTES)}`);
  }
  const expected = index.length - SKIPPABLE_HEADER_BYTES + ZSTD_END_BYTES;
  const found = index.readUInt32LE(SKIPPABLE_SIZE_OFFSET);
  if (found !== expected) fail(SKIPPABLE_SIZE_OFFSET, `${expected} bytes`, `${found}`);
  const bytes = index.subarray(SKIPPABLE_HEADER_BYTES);
  const section = { start: SKIPPABLE_HEADER_BYTES, bytes, length: bytes.length };
  checkSection(section, bytes.length, fail);
  yield* entriesOf(section, 0, MIN_DATA_FRAME_BYTES, fail);
}

/** Whether a file ends with `end`, its last `ZSTD_END_BYTES`, as ours do. */
export function isZstdEnd(end: Buffer): boolean {
  const hasId = END_ID.every((byte, i) => end[END_SECTION_BYTES + i] === byte);
  return hasId && isSection(end, KIND_END);
}

/** Decodes the end of a file; null if it is not ours. */
export function decodeZstdEnd(
  end: Buffer,
  bytesBefore: number,
  fail: MemberFail,
): FileTotals | null {
  if (!isZstdEnd(end)) return null;
  const section = {
    start: 0,
    bytes: end.subarray(0, END_SECTION_BYTES),
    length: END_SECTION_BYTES,
  };
  checkSection(section, END_SECTION_BYTES, fail);
  const limits = { minIndexBytes: MIN_ZSTD_INDEX_BYTES, maxIndexBytes: MAX_ZSTD_INDEX_BYTES };
  return readEndSection(section, { bytesBefore, ...limits }, fail);
}
