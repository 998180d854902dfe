import {
  ENTRIES_OFFSET,
  ENTRY_BYTES,
  ENTRY_COUNT_OFFSET,
  FIRST_ENTRY_OFFSET,
  INDEX_FIXED_BYTES,
  KIND_INDEX,
  MAX_MEMBER_ENTRIES,
} from '../../../format/member-index.js';
import { type MemberEntry, readMemberEntry, writeMemberEntry } from './member-entry.js';
import { type MemberFail, type Section, writeSection } from './section.js';

/** The size of an index section with so many entries. */
export function indexSectionBytes(entries: number): number {
  return INDEX_FIXED_BYTES + entries * ENTRY_BYTES;
}

/**
 * Writes an index section from `start` to the end of `bytes`, `indexSectionBytes` of them.
 *
 * @param first how many entries the sections before it have
 */
export function writeIndexSection(
  bytes: Buffer,
  start: number,
  entries: readonly MemberEntry[],
  first: number,
): void {
  writeSection(bytes, start, KIND_INDEX, (section) => {
    section.writeUInt32LE(first, FIRST_ENTRY_OFFSET);
    section.writeUInt32LE(entries.length, ENTRY_COUNT_OFFSET);
    let at = ENTRIES_OFFSET;
    for (const entry of entries) {
      writeMemberEntry(section, at, entry);
      at += ENTRY_BYTES;
    }
  });
}

/**
 * The entries of a checked index section.
 *
 * @param first how many entries the sections before it have
 * @param leastBytes the size of the smallest member
 */
export function* entriesOf(
  { bytes, start }: Section,
  first: number,
  leastBytes: number,
  fail: MemberFail,
): Generator<MemberEntry> {
  const failIn: MemberFail = (at, expected, found) => fail(start + at, expected, found);
  const count = bytes.length < INDEX_FIXED_BYTES ? 0 : bytes.readUInt32LE(ENTRY_COUNT_OFFSET);
  if (bytes.length !== indexSectionBytes(count)) {
    failIn(ENTRY_COUNT_OFFSET, `the entries of ${bytes.length} bytes`, `${count}`);
  }
  const found = bytes.readUInt32LE(FIRST_ENTRY_OFFSET);
  if (found !== first) failIn(FIRST_ENTRY_OFFSET, `${first} entries before`, `${found}`);
  if (first + count > MAX_MEMBER_ENTRIES) {
    failIn(ENTRY_COUNT_OFFSET, `at most ${MAX_MEMBER_ENTRIES} entries`, `${first + count}`);
  }
  for (let i = 0; i < count; i++) {
    yield readMemberEntry(bytes, ENTRIES_OFFSET + i * ENTRY_BYTES, leastBytes, failIn);
  }
}
