import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { expect } from 'chai';

import { gzipFormat } from '../../lib/codec/compression/gzip/gzip-format.js';
import {
  encodeDataHeader,
  encodeEndMember,
  encodeIndexMembers,
} from '../../lib/codec/compression/gzip/gzip-member.js';
import { readFileEnd } from '../../lib/codec/compression/members/file-end.js';
import { MemberCutter } from '../../lib/codec/compression/members/member-cutter.js';
import * as common from '../../lib/format/member-index.js';
import * as format from '../../lib/format/seekable-gzip.js';
import { decodeArchive } from '../support/decode-archive.js';
import { fileInHex } from '../support/file-in-hex.js';
import { indexOf, membersOf } from '../support/gzip-tools.js';

const DOCUMENT = readFileSync(new URL('../../docs/format-gzip.md', import.meta.url), 'utf8');

describe('docs/format-gzip.md', () => {
  const file = fileInHex(DOCUMENT);

  it('has a file that gzip decompresses to the archive of the page', () => {
    const payloads = decodeArchive(gunzipSync(file)).map((record) => record.text());
    expect(payloads).to.deep.equal(['{"ok":true}', 'bye']);
  });

  it('has a member of each kind, and an index that leads to the first', () => {
    expect(membersOf(file).map(({ kind }) => kind)).to.deep.equal([1, 2, 3]);
    const [member] = indexOf(file);
    expect(member).to.include({ offset: 0, memberBytes: 215, rawBytes: 126, records: 2 });
  });

  it('has the bytes that the codec writes', () => {
    const cutter = new MemberCutter(1024);
    const [member] = [...cutter.cut(gunzipSync(file)), ...cutter.end()];
    if (member === undefined) throw new Error('nothing was cut');
    // A writer may compress as it likes, so the compressed data are taken from the page.
    const deflated = file.subarray(76, 215);
    const header = encodeDataHeader(member.facts, deflated.length);
    const entry = { ...member.facts, memberBytes: header.length + deflated.length };
    const index = Buffer.concat([...encodeIndexMembers([entry])]);
    const { recordsAreExact, writer } = cutter;
    const end = encodeEndMember({
      ...{ indexBytes: index.length, dataBytes: entry.memberBytes },
      ...{ rawBytes: entry.rawBytes, records: entry.records, recordsAreExact, writer },
    });
    const written = Buffer.concat([header, deflated, index, end]);
    expect(written.toString('hex')).to.equal(file.toString('hex'));
  });

  it('has a file that readFileEnd classifies as the page says', () => {
    const kindOf = (bytes: Buffer) =>
      readFileEnd(gzipFormat, { head: bytes.subarray(0, 64), tail: bytes, fileBytes: bytes.length })
        .kind;
    expect(kindOf(file)).to.equal('seekable');
    expect(kindOf(file.subarray(0, 309))).to.equal('damaged');
    expect(kindOf(Buffer.concat([file, Buffer.of(0)]))).to.equal('damaged');
    expect(kindOf(file.subarray(0, 19))).to.equal('plain');
  });

  it('has the limits of the code', () => {
    const shown = (value: number) => value.toLocaleString('en-US');
    expect(DOCUMENT).to.include(
      `number of entries, uint32, at most ${shown(format.MAX_ENTRIES_PER_MEMBER)}`,
    );
    expect(DOCUMENT).to.include(`at most ${shown(format.MAX_SUBFIELD_BYTES)}`);
    expect(DOCUMENT).to.include(`more than ${shown(common.MAX_MEMBER_ENTRIES)}`);
    expect(DOCUMENT).to.include(`over ${shown(format.MAX_INDEX_BYTES)}`);
    expect(DOCUMENT).to.include(`below ${format.MIN_INDEX_BYTES}`);
    expect(DOCUMENT).to.include(`at least ${format.MIN_DATA_MEMBER_BYTES}`);
    expect(DOCUMENT).to.include(`always has ${format.END_MEMBER_BYTES} bytes`);
    expect(DOCUMENT).to.include(`larger than ${common.MEMBER_STRETCH} ×`);
    expect(common.DEFAULT_MEMBER_BYTES).to.equal(2 ** 20);
  });

  it('has the sections that the comments in lib name', () => {
    for (const title of ['Entries', 'The last member', 'What a reader must do']) {
      expect(DOCUMENT).to.include(`\n## ${title}\n`);
    }
  });
});
