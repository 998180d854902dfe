import { END_SECTION_BYTES, KIND_END, SECTION_VERSION } from '../../../format/member-index.js';
import {
  END_MEMBER_BYTES,
  MAX_INDEX_BYTES,
  MIN_INDEX_BYTES,
} from '../../../format/seekable-gzip.js';
import { totalBytes } from '../../bytes/pieces.js';
import { readEndSection } from '../members/end-section.js';
import type { MemberFormat } from '../members/member-format.js';
import { checkSection, isSection } from '../members/section.js';
import { isGzip } from './gzip-header.js';
import {
  decodeIndexMembers,
  encodeDataHeader,
  encodeEndMember,
  encodeIndexMembers,
} from './gzip-member.js';
import { checkEmptyMember, findSubfield } from './gzip-subfield.js';
import { inflateHead } from './inflate-head.js';

/** Seekable gzip (docs/format-gzip.md). */
export const gzipFormat: MemberFormat = {
  name: 'gzip',
  suffix: '.gz',
  contentType: 'application/gzip',
  endBytes: END_MEMBER_BYTES,
  memberName: 'gzip member',
  endName: 'the last member of a seekable gzip',

  isMember: isGzip,
  // Any head inflates to its part of the archive.
  headBytes: (head) => head.length,
  readHead: inflateHead,
  isOurs: (head) => findSubfield(head)?.bytes[0] === SECTION_VERSION,

  encodeMember: (facts, deflated) => [encodeDataHeader(facts, totalBytes(deflated)), ...deflated],

  encodeIndex: encodeIndexMembers,
  encodeEnd: encodeEndMember,

  readEnd(end, bytesBefore, fail) {
    const section = findSubfield(end);
    if (section === null || !isSection(section.bytes, KIND_END)) return null;
    checkSection(section, END_SECTION_BYTES, fail);
    checkEmptyMember(end, END_SECTION_BYTES, fail);
    const limits = { minIndexBytes: MIN_INDEX_BYTES, maxIndexBytes: MAX_INDEX_BYTES };
    return readEndSection(section, { bytesBefore, ...limits }, fail);
  },

  readIndex: decodeIndexMembers,
};
