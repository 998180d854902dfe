import { crc32 } from 'node:zlib';

import {
  RESERVED_OFFSET,
  SECTION_CRC_BYTES,
  SECTION_KIND_OFFSET,
  SECTION_VERSION,
  SECTION_VERSION_OFFSET,
} from '../../../format/member-index.js';
import { hex32 } from '../../bytes/hex32.js';

/** Throws an error that names what was expected and what was found. */
export type Fail = (expected: string, found: string) => never;

/** Throws the error for a fault `at` so many bytes from the beginning of what is decoded. */
export type MemberFail = (at: number, expected: string, found: string) => never;

/** A section, as far as the bytes hold it. */
export interface Section {
  /** Where it begins in what is decoded. */
  readonly start: number;
  readonly bytes: Buffer;
  /** The size that its surroundings state. */
  readonly length: number;
}

/**
 * Writes the section that is `bytes` from `start` to the end.
 *
 * @param writeFields writes the fields of its kind
 */
export function writeSection(
  bytes: Buffer,
  start: number,
  kind: number,
  writeFields: (section: Buffer) => void,
): void {
  const section = bytes.subarray(start);
  section[SECTION_VERSION_OFFSET] = SECTION_VERSION;
  section[SECTION_KIND_OFFSET] = kind;
  section.writeUInt16LE(0, RESERVED_OFFSET);
  writeFields(section);
  const crcAt = section.length - SECTION_CRC_BYTES;
  section.writeUInt32LE(crc32(section.subarray(0, crcAt)), crcAt);
}

/** Whether `bytes` begin a section of this kind, in a version that this code knows. */
export function isSection(bytes: Buffer, kind: number): boolean {
  return bytes[SECTION_VERSION_OFFSET] === SECTION_VERSION && bytes[SECTION_KIND_OFFSET] === kind;
}

/** Checks that a section is complete, has the length of its kind, and has a good checksum. */
export function checkSection(section: Section, expectedBytes: number, fail: MemberFail): void {
  const { bytes, length, start } = section;
  if (length !== expectedBytes) fail(start, `a section of ${expectedBytes} bytes`, `${length}`);
  if (bytes.length < length) fail(start, `${length} bytes`, `the end after ${bytes.length}`);
  const crcAt = length - SECTION_CRC_BYTES;
  const crc = crc32(bytes.subarray(0, crcAt));
  const found = bytes.readUInt32LE(crcAt);
  if (crc !== found) fail(start + crcAt, `section checksum ${hex32(crc)}`, hex32(found));
}

/**
 * What `decode` returns; null if it reports a fault. For callers that leave the report to the
 * reader of the whole file.
 */
export function nullIfFaulty<Value>(decode: (fail: () => never) => Value): Value | null {
  try {
    return decode(refuse);
  } catch (error) {
    if (error === REFUSED) return null;
    throw error;
  }
}

const REFUSED = new Error('faulty bytes; the reader of the file reports them');

function refuse(): never {
  throw REFUSED;
}
