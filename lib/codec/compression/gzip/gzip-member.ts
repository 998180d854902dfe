import {
  END_SECTION_BYTES,
  FIELDS_OFFSET,
  KIND_DATA,
  KIND_END,
  KIND_INDEX,
} from '../../../format/member-index.js';
import {
  DATA_HEADER_BYTES,
  DATA_SECTION_BYTES,
  EMPTY_MEMBER_END,
  INDEX_WRAP_BYTES,
  MAX_ENTRIES_PER_MEMBER,
  MIN_DATA_MEMBER_BYTES,
} from '../../../format/seekable-gzip.js';
import { type FileTotals, writeEndSection } from '../members/end-section.js';
import { entriesOf, indexSectionBytes, writeIndexSection } from '../members/index-section.js';
import {
  type MemberEntry,
  type MemberFacts,
  readMemberEntry,
  writeMemberEntry,
} from '../members/member-entry.js';
import { checkSection, isSection, type MemberFail, writeSection } from '../members/section.js';
import type { MemberKind } from '../members/suffix-check.js';
import { checkEmptyMember, encodeMemberHeader, findSubfield } from './gzip-subfield.js';

/**
 * Encodes the header of a data member. The deflate data and the trailer follow it.
 *
 * @param deflatedBytes the size of deflate data and trailer together
 */
export function encodeDataHeader(facts: MemberFacts, deflatedBytes: number): Buffer {
  const entry: MemberEntry = { ...facts, memberBytes: DATA_HEADER_BYTES + deflatedBytes };
  return encodeMemberHeader(DATA_SECTION_BYTES, (header, start) => {
    writeSection(header, start, KIND_DATA, (section) => {
      writeMemberEntry(section, FIELDS_OFFSET, entry);
    });
  });
}

/**
 * Decodes the header of a data member, so that a reader can skip the member.
 *
 * @param bytes the member; its header is enough
 * @returns null if it is not a data member of ours, or of an unknown version
 * @throws whatever `fail` throws, if the header is ours but torn or damaged
 */
export function decodeDataHeader(bytes: Buffer, fail: MemberFail): MemberEntry | null {
  const section = findSubfield(bytes);
  if (section === null || !isSection(section.bytes, KIND_DATA)) return null;
  checkSection(section, DATA_SECTION_BYTES, fail);
  return readMemberEntry(bytes, section.start + FIELDS_OFFSET, MIN_DATA_MEMBER_BYTES, fail);
}

/** The kind of a member, by its header. */
export function memberKindOf(header: Buffer): MemberKind {
  const section = findSubfield(header);
  if (section === null) return 'other';
  return KINDS.find(([kind]) => isSection(section.bytes, kind))?.[1] ?? 'other';
}

const KINDS: ReadonlyArray<readonly [number, MemberKind]> = [
  [KIND_DATA, 'data'],
  [KIND_INDEX, 'index'],
  [KIND_END, 'end'],
];

/** The bytes after the header of a member without data. */
export const EMPTY_END = Buffer.from(EMPTY_MEMBER_END);

/** Encodes the index members of a file, at least one, in order. */
export function* encodeIndexMembers(entries: readonly MemberEntry[]): Generator<Buffer> {
  let first = 0;
  do {
    const some = entries.slice(first, first + MAX_ENTRIES_PER_MEMBER);
    const header = encodeMemberHeader(indexSectionBytes(some.length), (bytes, start) => {
      writeIndexSection(bytes, start, some, first);
    });
    yield Buffer.concat([header, EMPTY_END]);
    first += MAX_ENTRIES_PER_MEMBER;
  } while (first < entries.length);
}

/** Decodes the entries of index members, which `bytes` hold and nothing else. */
export function* decodeIndexMembers(bytes: Buffer, fail: MemberFail): Generator<MemberEntry> {
  let first = 0;
  for (let at = 0; at < bytes.length; ) {
    const failIn: MemberFail = (place, expected, found) => fail(at + place, expected, found);
    const { memberBytes, section } = readIndexMember(bytes.subarray(at), failIn);
    for (const entry of entriesOf(section, first, MIN_DATA_MEMBER_BYTES, failIn)) {
      first++;
      yield entry;
    }
    at += memberBytes;
  }
}

/** Reads the index member that `bytes` begin with. */
function readIndexMember(bytes: Buffer, fail: MemberFail) {
  const section = findSubfield(bytes);
  if (section === null || !isSection(section.bytes, KIND_INDEX)) {
    return fail(0, 'an index member', `0x${bytes.toString('hex', 0, SHOWN_BYTES)}`);
  }
  const { length } = section;
  const memberBytes = INDEX_WRAP_BYTES + length;
  if (memberBytes > bytes.length) fail(0, `${memberBytes} bytes`, `the end after ${bytes.length}`);
  checkSection(section, length, fail);
  checkEmptyMember(bytes, length, fail);
  return { memberBytes, section };
}

/** Enough bytes of a member, in a message, to recognise it. */
const SHOWN_BYTES = 18;

/** Encodes the last member of a file. */
export function encodeEndMember(totals: FileTotals): Buffer {
  const header = encodeMemberHeader(END_SECTION_BYTES, (bytes, start) => {
    writeEndSection(bytes, start, totals);
  });
  return Buffer.concat([header, EMPTY_END]);
}
