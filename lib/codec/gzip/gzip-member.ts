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

/** The facts that the last member states of its file (docs/format-gzip.md, "The last member"). */
export interface GzipTotals {
  /** The size of all index members. They precede the last member. */
  readonly indexBytes: number;
  /** The compressed size of all data members. They precede the first index member. */
  readonly dataBytes: number;
  /** The uncompressed size. */
  readonly rawBytes: number;
  readonly records: number;
  /** Whether every byte belongs to a frame or a line. If not, there may be more records. */
  readonly recordsAreExact: boolean;
  /**
   * The only writer of the records with a sequence, if they are in order: 16 hex digits; or null.
   */
  readonly writer: string | null;
}

/**
 * Encodes the header of a data member. The deflate data and the trailer follow it.
 *
 * @param deflatedBytes the size of deflate data and trailer together
 */
export function encodeDataHeader(facts: MemberFacts, deflatedBytes: number): Buffer {
  const entry: MemberEntry = { ...facts, memberBytes: DATA_HEADER_BYTES + deflatedBytes };
  return encodeMemberHeader(KIND_DATA, DATA_SUBFIELD_BYTES, (header, dataStart) => {
    writeMemberEntry(header, dataStart + FIELDS_OFFSET, entry);
  });
}

/**
 * Decodes the header of a data member, so that a reader can skip the member.
 *
 * @param bytes the member; its header is enough
 * @returns null if it is not a data member of ours, or of an unknown version
 * @throws whatever `fail` throws, if the header is ours but torn or damaged
 */
export function decodeDataHeader(bytes: Buffer, fail: GzipFail): MemberEntry | null {
  const subfield = findSubfield(bytes);
  if (subfield?.version !== SUBFIELD_VERSION || subfield.kind !== KIND_DATA) return null;
  checkSubfield(subfield, DATA_SUBFIELD_BYTES, fail);
  return readMemberEntry(bytes, subfield.start + FIELDS_OFFSET, fail);
}

/** Encodes the index members of a file, at least one, in order. */
export function* encodeIndexMembers(entries: readonly MemberEntry[]): Generator<Buffer> {
  let first = 0;
  do {
    yield encodeIndexMember(entries.slice(first, first + MAX_ENTRIES_PER_MEMBER), first);
    first += MAX_ENTRIES_PER_MEMBER;
  } while (first < entries.length);
}

/** Encodes the last member of a file. */
export function encodeEndMember(totals: GzipTotals): Buffer {
  const { recordsAreExact, writer } = totals;
  const flags = (recordsAreExact ? RECORDS_ARE_EXACT : 0) | (writer === null ? 0 : HAS_ONE_WRITER);
  const header = encodeMemberHeader(KIND_END, END_SUBFIELD_BYTES, (bytes, dataStart) => {
    bytes.writeUInt32LE(flags, dataStart + END_FLAGS_OFFSET);
    writeInt64(bytes, dataStart + END_INDEX_BYTES_OFFSET, totals.indexBytes);
    writeInt64(bytes, dataStart + END_DATA_BYTES_OFFSET, totals.dataBytes);
    writeInt64(bytes, dataStart + END_RAW_BYTES_OFFSET, totals.rawBytes);
    writeInt64(bytes, dataStart + END_RECORDS_OFFSET, totals.records);
    bytes.write(writer ?? '', dataStart + END_WRITER_OFFSET, 'hex');
  });
  return Buffer.concat([header, EMPTY_END]);
}

function encodeIndexMember(entries: readonly MemberEntry[], first: number): Buffer {
  const dataBytes = INDEX_FIXED_BYTES + entries.length * ENTRY_BYTES;
  const header = encodeMemberHeader(KIND_MEMBER_INDEX, dataBytes, (bytes, dataStart) => {
    bytes.writeUInt32LE(first, dataStart + FIRST_ENTRY_OFFSET);
    bytes.writeUInt32LE(entries.length, dataStart + ENTRY_COUNT_OFFSET);
    let at = dataStart + ENTRIES_OFFSET;
    for (const entry of entries) {
      writeMemberEntry(bytes, at, entry);
      at += ENTRY_BYTES;
    }
  });
  return Buffer.concat([header, EMPTY_END]);
}

const EMPTY_END = Buffer.from(EMPTY_MEMBER_END);
