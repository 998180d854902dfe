import { FIELDS_OFFSET } from '../../../format/member-index.js';
import {
  EMPTY_MEMBER_END,
  EXTRA_LENGTH_OFFSET,
  EXTRA_OFFSET,
  MEMBER_START,
  SUBFIELD_DATA_OFFSET,
  SUBFIELD_HEADER_BYTES,
  SUBFIELD_ID,
} from '../../../format/seekable-gzip.js';
import type { MemberFail, Section } from '../members/section.js';

/** The gzip flag for an extra field (RFC 1952, section 2.3.1). */
const HAS_EXTRA = 4;
const FLAGS_OFFSET = 3;

/**
 * Encodes the header of a gzip member whose extra field holds only our subfield.
 *
 * @param write writes the section that is the subfield's data: all of `header` from `start` on
 */
export function encodeMemberHeader(
  sectionBytes: number,
  write: (header: Buffer, start: number) => void,
): Buffer {
  const header = Buffer.alloc(SUBFIELD_DATA_OFFSET + sectionBytes);
  writeStart(header, sectionBytes);
  write(header, SUBFIELD_DATA_OFFSET);
  return header;
}

/**
 * Finds our subfield in the extra field of the gzip member that `bytes` begin with, and returns its
 * data. Returns null if there is none, if the bytes are not gzip, or if they end before the
 * section's version and kind.
 */
export function findSubfield(bytes: Buffer): Section | null {
  const isMember = bytes.length >= EXTRA_OFFSET && bytes[0] === MEMBER_START[0];
  if (!isMember || bytes[1] !== MEMBER_START[1]) return null;
  if ((bytes.readUInt8(FLAGS_OFFSET) & HAS_EXTRA) === 0) return null;
  const extraEnd = EXTRA_OFFSET + bytes.readUInt16LE(EXTRA_LENGTH_OFFSET);
  const end = Math.min(extraEnd, bytes.length);
  let at = EXTRA_OFFSET;
  while (at + SUBFIELD_HEADER_BYTES + FIELDS_OFFSET <= end) {
    const dataBytes = bytes.readUInt16LE(at + SUBFIELD_ID.length);
    const start = at + SUBFIELD_HEADER_BYTES;
    const isOurs = SUBFIELD_ID.every((byte, i) => bytes[at + i] === byte);
    if (isOurs && dataBytes >= FIELDS_OFFSET && start + dataBytes <= extraEnd) {
      const section = bytes.subarray(start, Math.min(start + dataBytes, end));
      return { start, bytes: section, length: dataBytes };
    }
    at = start + dataBytes;
  }
  return null;
}

/**
 * Checks that a member without data holds nothing but its subfield. Then its length, and so the
 * start of the next member, follows from the subfield.
 *
 * @param member the whole member
 */
export function checkEmptyMember(member: Buffer, dataBytes: number, fail: MemberFail): void {
  const expectedStart = Buffer.alloc(SUBFIELD_DATA_OFFSET);
  writeStart(expectedStart, dataBytes);
  const endAt = SUBFIELD_DATA_OFFSET + dataBytes;
  for (const [at, expected] of [
    [0, expectedStart],
    [endAt, Buffer.from(EMPTY_MEMBER_END)],
  ] as const) {
    const found = member.subarray(at, at + expected.length);
    if (!found.equals(expected)) fail(at, expected.toString('hex'), found.toString('hex'));
  }
}

/** Writes the bytes before the subfield's data. */
function writeStart(header: Buffer, dataBytes: number): void {
  header.set(MEMBER_START);
  header.writeUInt16LE(SUBFIELD_HEADER_BYTES + dataBytes, EXTRA_LENGTH_OFFSET);
  header.set(SUBFIELD_ID, EXTRA_OFFSET);
  header.writeUInt16LE(dataBytes, EXTRA_OFFSET + SUBFIELD_ID.length);
}
