import { readFileSync } from 'node:fs';

import { expect } from 'chai';

import { readFileEnd } from '../../lib/codec/compression/members/file-end.js';
import { MemberCutter } from '../../lib/codec/compression/members/member-cutter.js';
import { decodeMemberIndex } from '../../lib/codec/compression/members/member-index.js';
import { zstdFormat } from '../../lib/codec/compression/zstd/zstd-format.js';
import { MAX_MEMBER_ENTRIES } from '../../lib/format/member-index.js';
import * as format from '../../lib/format/seekable-zstd.js';
import { decodeArchive } from '../support/decode-archive.js';
import { fileInHex } from '../support/file-in-hex.js';
import { commandOutput, decompressAll, needsZstd } from '../support/zstd-tools.js';

const DOCUMENT = readFileSync(new URL('../../docs/format-zstd.md', import.meta.url), 'utf8');
const FRAME_BYTES = 134;

describe('docs/format-zstd.md', () => {
  const file = fileInHex(DOCUMENT);

  it('has a file that Node decompresses to the archive of the page', async function () {
    needsZstd(this);
    const payloads = decodeArchive(await decompressAll(file)).map((record) => record.text());
    expect(payloads).to.deep.equal(['{"ok":true}', 'bye']);
  });

  it('has a file that the zstd command decompresses to the archive of the page', function () {
    const payloads = decodeArchive(commandOutput(this, file)).map((record) => record.text());
    expect(payloads).to.deep.equal(['{"ok":true}', 'bye']);
  });

  it('has an index that leads to the data frame', () => {
    const end = readFileEnd(zstdFormat, { head: file, tail: file, fileBytes: file.length });
    if (end.kind !== 'seekable') throw new Error(`it is ${end.kind}`);
    const { totals } = end;
    const suffix = file.subarray(-end.suffixBytes);
    const [member] = decodeMemberIndex(zstdFormat, { suffix, totals, fileBytes: file.length });
    expect(member).to.include({ offset: 0, memberBytes: FRAME_BYTES, rawBytes: 126, records: 2 });
  });

  it('has the bytes that the codec writes', async function () {
    needsZstd(this);
    const cutter = new MemberCutter(1024);
    const [member] = [...cutter.cut(await decompressAll(file)), ...cutter.end()];
    if (member === undefined) throw new Error('nothing was cut');
    // A writer may compress as it likes, so the frame is taken from the page.
    const given = [file.subarray(0, FRAME_BYTES)];
    const frame = Buffer.concat(zstdFormat.encodeMember(member.facts, given));
    const entry = { ...member.facts, memberBytes: frame.length };
    const index = Buffer.concat([...zstdFormat.encodeIndex([entry])]);
    const { recordsAreExact, writer } = cutter;
    const end = zstdFormat.encodeEnd({
      ...{ indexBytes: index.length, dataBytes: entry.memberBytes },
      ...{ rawBytes: entry.rawBytes, records: entry.records, recordsAreExact, writer },
    });
    const written = Buffer.concat([frame, index, end]);
    expect(written.toString('hex')).to.equal(file.toString('hex'));
  });

  it('has a file that readFileEnd classifies as the page says', () => {
    const kindOf = (bytes: Buffer) =>
      readFileEnd(zstdFormat, { head: bytes, tail: bytes, fileBytes: bytes.length }).kind;
    expect(kindOf(file)).to.equal('seekable');
    expect(kindOf(file.subarray(0, FRAME_BYTES))).to.equal('damaged');
    expect(kindOf(Buffer.concat([file, Buffer.of(0)]))).to.equal('damaged');
    expect(kindOf(file.subarray(0, 12))).to.equal('plain');
  });

  it('has the limits of the code', () => {
    const shown = (value: number) => value.toLocaleString('en-US');
    const index = `${format.MIN_ZSTD_INDEX_BYTES} to ${shown(format.MAX_ZSTD_INDEX_BYTES)}`;
    expect(DOCUMENT).to.include(`the index bytes are from ${index}`);
    expect(DOCUMENT).to.include(`at most ${shown(MAX_MEMBER_ENTRIES)}`);
    expect(DOCUMENT).to.include(`at least ${format.MIN_DATA_FRAME_BYTES}.`);
    expect(DOCUMENT).to.include(`reads the last ${format.ZSTD_END_BYTES} bytes`);
    expect(format.LARGEST_WINDOW_BYTES).to.equal(8 * 2 ** 20);
    expect(2 ** format.LARGEST_WINDOW_LOG).to.equal(format.LARGEST_WINDOW_BYTES);
  });
});
