import { crc32, gunzipSync } from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';

import { gzipFormat } from '../../../../lib/codec/compression/gzip/gzip-format.js';
import {
  encodeEndMember,
  encodeIndexMembers,
} from '../../../../lib/codec/compression/gzip/gzip-member.js';
import { readFileEnd } from '../../../../lib/codec/compression/members/file-end.js';
import type { MemberEntry } from '../../../../lib/codec/compression/members/member-entry.js';
import { decodeMemberIndex } from '../../../../lib/codec/compression/members/member-index.js';
import { readFrameHeader } from '../../../../lib/codec/version-2/frame-header.js';
import { flipBit } from '../../../support/damaged-archive.js';
import { damageOf } from '../../../support/decode-archive.js';
import { compressAll, indexOf, membersOf, sampleBlocks } from '../../../support/gzip-tools.js';

function entryOf(i: number): MemberEntry {
  return {
    ...{ memberBytes: 100 + i, rawBytes: 1000 + i, records: 2, beginsWhole: true, isTimed: true },
    ...{ sequence: 2 * i, earliestMicros: i, latestMicros: i + 1 },
  };
}

/** The end of a file with `count` members, with valid entries. */
function suffixOf(count: number, entries = Array.from({ length: count }, (_, i) => entryOf(i))) {
  const index = Buffer.concat([...encodeIndexMembers(entries)]);
  const sum = (key: 'memberBytes' | 'rawBytes' | 'records') =>
    entries.reduce((so, entry) => so + entry[key], 0);
  const totals = {
    indexBytes: index.length,
    dataBytes: sum('memberBytes'),
    rawBytes: sum('rawBytes'),
    records: sum('records'),
    recordsAreExact: true,
    writer: null,
  };
  const suffix = Buffer.concat([index, encodeEndMember(totals)]);
  return { suffix, totals, fileBytes: totals.dataBytes + suffix.length };
}

function damageIn(source: Parameters<typeof decodeMemberIndex>[1]) {
  try {
    decodeMemberIndex(gzipFormat, source, 'a.gz');
  } catch (error) {
    return damageOf(error);
  }
  return expect.fail('it was decoded');
}

describe('decodeMemberIndex', () => {
  it('returns where each member begins, in the file and in the archive', () => {
    expect(decodeMemberIndex(gzipFormat, suffixOf(3))).to.deep.equal([
      { ...entryOf(0), offset: 0, rawOffset: 0 },
      { ...entryOf(1), offset: 100, rawOffset: 1000 },
      { ...entryOf(2), offset: 201, rawOffset: 2001 },
    ]);
  });

  it('accepts a longer suffix than it needs', () => {
    const { suffix, totals, fileBytes } = suffixOf(3);
    const more = Buffer.concat([Buffer.alloc(50, 0x1f), suffix]);
    expect(decodeMemberIndex(gzipFormat, { suffix: more, totals, fileBytes })).to.have.length(3);
  });

  it('refuses a shorter suffix as misuse, not as damage', () => {
    const { suffix, totals, fileBytes } = suffixOf(3);
    expect(() =>
      decodeMemberIndex(gzipFormat, { suffix: suffix.subarray(1), totals, fileBytes }),
    ).to.throw(RangeError, '1 too few');
  });

  it('reads entries from several index members', () => {
    const members = decodeMemberIndex(gzipFormat, suffixOf(3000));
    expect(members.length).to.equal(3000);
    expect(members.at(-1)).to.include({
      ...entryOf(2999),
      rawOffset: 2999 * 1000 + 4_497_000 - 1499,
    });
  });

  it('is empty if the archive is empty', () => {
    expect(decodeMemberIndex(gzipFormat, suffixOf(0))).to.deep.equal([]);
  });

  it('finds members that decompress alone and begin where frames begin', async () => {
    const blocks = sampleBlocks();
    const gzip = await compressAll(blocks, { memberBytes: 4096 });
    const members = indexOf(gzip);
    expect(members).to.have.length.above(5);
    for (const { offset, memberBytes, rawOffset, rawBytes, sequence } of members) {
      const raw = gunzipSync(gzip.subarray(offset, offset + memberBytes));
      expect(raw.equals(blocks.subarray(rawOffset, rawOffset + rawBytes))).to.equal(true);
      expect(readFrameHeader(raw)).to.include({ version: 2, sequence });
    }
  });

  it('decodes the index of the last of concatenated files', async () => {
    const blocks = sampleBlocks();
    const gzip = await compressAll(blocks, { memberBytes: 4096 });
    const before = await compressAll(Buffer.from('{}\n'));
    const both = Buffer.concat([before, gzip]);
    expect(gunzipSync(both).length).to.equal(3 + blocks.length);
    const shifted = indexOf(gzip).map((member) => {
      return { ...member, offset: member.offset + before.length };
    });
    expect(indexOf(both)).to.deep.equal(shifted);
    const rest = both.subarray(0, indexOf(both)[0]?.offset);
    expect(
      readFileEnd(gzipFormat, { head: rest, tail: rest, fileBytes: rest.length }).kind,
    ).to.equal('seekable');
  });

  it('detects every bit that is flipped in it', () => {
    const source = suffixOf(2);
    for (let bit = 0; bit < source.totals.indexBytes * 8; bit++) {
      const error = damageIn({ ...source, suffix: flipBit(source.suffix, bit) });
      expect(error, `bit ${bit}`).to.include({ reason: 'bad-gzip', archive: 'a.gz' });
    }
  });

  const forged: ReadonlyArray<
    readonly [what: string, at: number, change: (index: Buffer) => void]
  > = [
    ['the number of entries before it is wrong', 20, (index) => index.writeUInt32LE(1, 20)],
    ['it has 2^32 - 1 entries', 24, (index) => index.writeUInt32LE(0xffffffff, 24)],
    ['it has fewer entries than bytes for them', 24, (index) => index.writeUInt32LE(1, 24)],
    ['a member is larger than all data', 0, (index) => index.writeBigUInt64LE(2n ** 50n, 28)],
    [
      'there are more records than the last member says',
      0,
      (index) => index.writeBigUInt64LE(3n, 28 + 16),
    ],
    ['a time is beyond 53 bits', 28 + 40, (index) => index.writeBigInt64LE(2n ** 60n, 28 + 40)],
  ];
  for (const [what, at, change] of forged) {
    it(`refuses an index in which ${what}, although its checksum is good`, () => {
      const source = suffixOf(2);
      const crcAt = source.totals.indexBytes - 10 - 4;
      change(source.suffix);
      source.suffix.writeUInt32LE(crc32(source.suffix.subarray(16, crcAt)), crcAt);
      expect(damageIn(source).offset).to.equal(source.totals.dataBytes + at);
    });
  }

  it('refuses an index that ends too early, or holds another member', () => {
    const source = suffixOf(2);
    const { dataBytes, indexBytes } = source.totals;
    const cut = { ...source, totals: { ...source.totals, indexBytes: indexBytes - 1 } };
    expect(damageIn(cut)).to.include({ reason: 'bad-gzip', offset: dataBytes + 1 });
    const more = { ...source, totals: { ...source.totals, indexBytes: indexBytes + 78 } };
    const suffix = Buffer.concat([source.suffix, source.suffix.subarray(indexBytes)]);
    expect(damageIn({ ...more, suffix }).expected).to.equal('an index member');
  });

  it('decodes any encoded entries', () => {
    const anyFacts = fc.record({
      memberBytes: fc.integer({ min: 87, max: 2 ** 40 }),
      rawBytes: fc.integer({ min: 1, max: 2 ** 40 }),
      records: fc.nat(),
      beginsWhole: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyFacts, { maxLength: 30 }), (facts) => {
        const entries = facts.map((some, i) => ({ ...entryOf(i), ...some }));
        const found = decodeMemberIndex(gzipFormat, suffixOf(0, entries));
        const bare = found.map(({ offset: _offset, rawOffset: _rawOffset, ...entry }) => entry);
        expect(bare).to.deep.equal(entries);
      }),
    );
  });

  it('decodes or refuses any bytes', () => {
    const { totals, suffix, fileBytes } = suffixOf(2);
    const anyIndex = fc.tuple(fc.nat(totals.indexBytes), fc.uint8Array({ maxLength: 300 }));
    fc.assert(
      fc.property(anyIndex, ([kept, bytes]) => {
        const index = Buffer.concat([suffix.subarray(0, kept), bytes]);
        const forgedSuffix = Buffer.concat([index, Buffer.alloc(78)]);
        const some = { ...totals, indexBytes: index.length };
        try {
          decodeMemberIndex(gzipFormat, {
            suffix: forgedSuffix,
            totals: some,
            fileBytes: fileBytes + 1000,
          });
        } catch (error) {
          expect(damageOf(error).reason).to.equal('bad-gzip');
        }
      }),
    );
  });

  it('is where the last member says', async () => {
    const gzip = await compressAll(sampleBlocks(), { memberBytes: 4096 });
    const data = membersOf(gzip).filter(({ kind }) => kind === 1);
    const places = indexOf(gzip).map(({ offset, memberBytes }) => [offset, memberBytes]);
    expect(places).to.deep.equal(data.map(({ offset, bytes }) => [offset, bytes.length]));
  });
});
