import {
  DATA_HEADER_BYTES,
  DATA_SUBFIELD_BYTES,
  EMPTY_MEMBER_END,
  END_DATA_BYTES_OFFSET,
  END_FLAGS_OFFSET,
  END_INDEX_BYTES_OFFSET,
  END_RAW_BYTES_OFFSET,
  END_RECORDS_OFFSET,
  END_SUBFIELD_BYTES,
  END_WRITER_OFFSET,
  ENTRIES_OFFSET,
  ENTRY_BYTES,
  ENTRY_COUNT_OFFSET,
  FIELDS_OFFSET,
  FIRST_ENTRY_OFFSET,
  HAS_ONE_WRITER,
  INDEX_FIXED_BYTES,
  KIND_DATA,
  KIND_END,
  KIND_MEMBER_INDEX,
  MAX_ENTRIES_PER_MEMBER,
  RECORDS_ARE_EXACT,
  SUBFIELD_VERSION,
} from '../../format/seekable-gzip.js';
import { writeInt64 } from '../bytes/int64.js';
import { checkSubfield, encodeMemberHeader, findSubfield, type GzipFail } from './gzip-subfield.js';
import {
  type MemberEntry,
  type MemberFacts,
  readMemberEntry,
  writeMemberEntry,
} from './member-entry.js';

/** What the last member says of a file (docs/format-gzip.md, "The last member"). */
export interface GzipTotals {
  /** From the first index member up to the last member: how far back to go for the index. */
  readonly indexBytes: number;
  /** All data members, compressed: they stand before the first index member. */
  readonly dataBytes: number;
  /** Uncompressed. */
  readonly rawBytes: number;
  readonly records: number;
  /** Whether every byte is one of a frame or a line; else there may be more records. */
  readonly recordsAreExact: boolean;
  /** The writer of all records that have a sequence, which ascends: 16 hex digits; or null. */
  readonly writer: string | null;
}

/**
 * The header of a member that holds data; behind it go the deflate data and the trailer.
 *
 * @param deflatedBytes of both: what there is behind the header
 */
export function encodeDataHeader(facts: MemberFacts, deflatedBytes: number): Buffer {
  const entry: MemberEntry = { ...facts, memberBytes: DATA_HEADER_BYTES + deflatedBytes };
  return encodeMemberHeader(KIND_DATA, DATA_SUBFIELD_BYTES, (header, dataOffset) => {
    writeMemberEntry(header, dataOffset + FIELDS_OFFSET, entry);
  });
}

/**
 * Reads what a data member says of itself, so that it can be passed over.
 *
 * @param bytes begin with the member; its header is enough
 * @returns null where the member is another one, or not of a version that is known
 * @throws what `fail` throws, where it is ours, and torn or damaged
 */
export function decodeDataHeader(bytes: Buffer, fail: GzipFail): MemberEntry | null {
  const subfield = findSubfield(bytes);
  if (subfield?.version !== SUBFIELD_VERSION || subfield.kind !== KIND_DATA) return null;
  checkSubfield(subfield, DATA_SUBFIELD_BYTES, fail);
  return readMemberEntry(bytes, subfield.offset + FIELDS_OFFSET, fail);
}

/** The index members of a file, one or more, whole and one behind the other. */
export function* encodeIndexMembers(entries: readonly MemberEntry[]): Generator<Buffer> {
  let first = 0;
  do {
    yield encodeIndexMember(entries.slice(first, first + MAX_ENTRIES_PER_MEMBER), first);
    first += MAX_ENTRIES_PER_MEMBER;
  } while (first < entries.length);
}

/** The member that a file ends with, whole. */
export function encodeEndMember(totals: GzipTotals): Buffer {
  const { recordsAreExact, writer } = totals;
  const flags = (recordsAreExact ? RECORDS_ARE_EXACT : 0) | (writer === null ? 0 : HAS_ONE_WRITER);
  const header = encodeMemberHeader(KIND_END, END_SUBFIELD_BYTES, (bytes, dataOffset) => {
    bytes.writeUInt32LE(flags, dataOffset + END_FLAGS_OFFSET);
    writeInt64(bytes, dataOffset + END_INDEX_BYTES_OFFSET, totals.indexBytes);
    writeInt64(bytes, dataOffset + END_DATA_BYTES_OFFSET, totals.dataBytes);
    writeInt64(bytes, dataOffset + END_RAW_BYTES_OFFSET, totals.rawBytes);
    writeInt64(bytes, dataOffset + END_RECORDS_OFFSET, totals.records);
    bytes.write(writer ?? '', dataOffset + END_WRITER_OFFSET, 'hex');
  });
  return Buffer.concat([header, EMPTY_END]);
}

function encodeIndexMember(entries: readonly MemberEntry[], first: number): Buffer {
  const dataBytes = INDEX_FIXED_BYTES + entries.length * ENTRY_BYTES;
  const header = encodeMemberHeader(KIND_MEMBER_INDEX, dataBytes, (bytes, dataOffset) => {
    bytes.writeUInt32LE(first, dataOffset + FIRST_ENTRY_OFFSET);
    bytes.writeUInt32LE(entries.length, dataOffset + ENTRY_COUNT_OFFSET);
    let at = dataOffset + ENTRIES_OFFSET;
    for (const entry of entries) {
      writeMemberEntry(bytes, at, entry);
      at += ENTRY_BYTES;
    }
  });
  return Buffer.concat([header, EMPTY_END]);
}

const EMPTY_END = Buffer.from(EMPTY_MEMBER_END);
