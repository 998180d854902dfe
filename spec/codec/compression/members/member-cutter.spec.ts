import { expect } from 'chai';
import fc from 'fast-check';

import {
  MemberCutter,
  type RawMember,
} from '../../../../lib/codec/compression/members/member-cutter.js';
import { sealArchive } from '../../../support/damaged-archive.js';
import { cut, decodeArchive } from '../../../support/decode-archive.js';
import { encodeBlocks, encodeJsonLines, encodeVersion1 } from '../../../support/encode-archive.js';
import { forgeFrame } from '../../../support/forge-frame.js';
import { sampleBlocks } from '../../../support/gzip-tools.js';

interface Cut {
  readonly members: readonly RawMember[];
  readonly recordsAreExact: boolean;
  readonly writer: string | null;
}

function cutAll(bytes: Buffer, memberBytes = 1024, size = bytes.length): Cut {
  const cutter = new MemberCutter(memberBytes);
  const members: RawMember[] = [];
  for (const chunk of cut(bytes, size)) members.push(...cutter.cut(Buffer.from(chunk)));
  members.push(...cutter.end());
  const { recordsAreExact, writer } = cutter;
  expect(Buffer.concat(members.map((member) => member.bytes)).equals(bytes)).to.equal(true);
  return { members, recordsAreExact, writer };
}

function recordsIn({ members }: Cut): number {
  return members.reduce((sum, { facts }) => sum + facts.records, 0);
}

const payloads = Array.from({ length: 200 }, (_, i) => `{"n":${i},"x":"${'y'.repeat(i % 50)}"}`);
const records = payloads.map((payload, i) => ({ payload, timeMicros: 1000 + i }));

describe('MemberCutter', () => {
  it('cuts at the end of the block that reaches the limit', () => {
    const found = cutAll(sampleBlocks(), 4096);
    expect(found.members).to.have.length.above(5);
    let sequence = 0;
    for (const [i, { bytes, facts }] of found.members.entries()) {
      const decoded = decodeArchive(bytes);
      const times = decoded.map(({ timeMicros = 0 }) => timeMicros);
      expect(facts).to.deep.equal({
        rawBytes: bytes.length,
        records: decoded.length,
        beginsWhole: true,
        isTimed: true,
        sequence,
        earliestMicros: Math.min(...times),
        latestMicros: Math.max(...times),
      });
      sequence += decoded.length;
      if (i < found.members.length - 1) expect(bytes.length).to.be.within(4096, 4096 + 2300);
    }
    expect(found).to.include({ recordsAreExact: true, writer: '5ca1ab1e0ddba115' });
  });

  it('cuts at the end of frames of version 1', () => {
    const found = cutAll(encodeVersion1(records));
    expect(found.members).to.have.length.above(5);
    for (const { bytes, facts } of found.members) {
      expect(facts).to.include({ beginsWhole: true, isTimed: false, sequence: 0 });
      expect(decodeArchive(bytes)).to.have.length(facts.records);
    }
    expect(found).to.include({ recordsAreExact: true, writer: null });
  });

  it('cuts at the end of lines', () => {
    const found = cutAll(encodeJsonLines(records));
    expect(found.members).to.have.length.above(5);
    for (const { bytes, facts } of found.members) {
      expect(facts).to.include({ beginsWhole: true, isTimed: false, sequence: 0 });
      expect(decodeArchive(bytes)).to.have.length(facts.records);
    }
    expect(found).to.include({ recordsAreExact: true, writer: null });
    expect(recordsIn(found)).to.equal(200);
  });

  it('counts a last line without its line feed, and empty ones', () => {
    expect(recordsIn(cutAll(Buffer.from('\n\n{}\n1')))).to.equal(4);
  });

  it('cuts the same members, whatever the chunks', () => {
    const blocks = sampleBlocks().subarray(0, 9000);
    const archives = [
      blocks,
      encodeVersion1(records),
      encodeJsonLines(records),
      sealArchive([records.slice(0, 60), records.slice(60)]).bytes,
      Buffer.concat([encodeVersion1(records.slice(0, 20)), blocks, encodeVersion1(records)]),
      blocks.subarray(1),
      Buffer.concat([blocks, Buffer.alloc(3000, 7)]),
    ];
    for (const [i, archive] of archives.entries()) {
      const whole = cutAll(archive);
      for (const size of [1, 2, 3, 7, 63, 64, 65, 1023, 1024, 1025, 4096]) {
        expect(cutAll(archive, 1024, size), `archive ${i}, ${size}`).to.deep.equal(whole);
      }
    }
  });

  it('returns nothing for no bytes', () => {
    expect(cutAll(Buffer.alloc(0)).members).to.have.length(0);
    expect([...new MemberCutter(1024).cut(Buffer.alloc(0))]).to.have.length(0);
  });

  it('cuts a huge frame, and marks the members that begin amid it', () => {
    const small = encodeBlocks([{ payload: 'first', timeMicros: 1 }]);
    const huge = encodeBlocks([{ payload: Buffer.alloc(10_000, 1), timeMicros: 9 }], {
      sequence: 1,
    });
    const last = encodeBlocks([{ payload: 'last', timeMicros: 3 }], { sequence: 2 });
    const { members } = cutAll(Buffer.concat([small, huge, last]));
    expect(members.map(({ bytes }) => bytes.length).slice(0, 2)).to.deep.equal([4096, 4096]);
    expect(members.map(({ facts }) => facts.beginsWhole)).to.deep.equal([true, false, false, true]);
    expect(members.map(({ facts }) => facts.records)).to.deep.equal([2, 0, 0, 1]);
    expect(members[0]?.facts).to.include({ sequence: 0, earliestMicros: 1, latestMicros: 9 });
    expect(members[1]?.facts).to.include({ isTimed: true, sequence: 0, latestMicros: 0 });
    expect(members[3]?.facts).to.include({ sequence: 2, earliestMicros: 3, latestMicros: 3 });
  });

  it('cuts a huge line', () => {
    const { members } = cutAll(Buffer.from(`1\n"${'x'.repeat(10_000)}"\n2\n`));
    expect(members.map(({ facts }) => facts.beginsWhole)).to.deep.equal([true, false, false, true]);
    expect(members.map(({ facts }) => facts.records)).to.deep.equal([2, 0, 0, 1]);
  });

  it('cuts anywhere if the bytes are not an archive, and marks their records as unknown', () => {
    const found = cutAll(Buffer.alloc(2500, 0xee));
    expect(found.members.map(({ bytes }) => bytes.length)).to.deep.equal([1024, 1024, 452]);
    const unknown = { records: 0, isTimed: false };
    for (const { facts } of found.members) expect(facts).to.include(unknown);
    expect(found).to.include({ recordsAreExact: false, writer: null });
  });

  it('continues after damage, with unknown content', () => {
    const blocks = sampleBlocks();
    const damaged = Buffer.from(blocks);
    const second = 64 + blocks.readUInt32LE(16);
    damaged.writeUInt8(99, second + 20);
    const found = cutAll(damaged);
    expect(found.recordsAreExact).to.equal(false);
    expect(recordsIn(found)).to.equal(blocks.readUInt32LE(8));
    expect(found.members[1]?.facts.isTimed).to.equal(false);
    expect(found.members[2]?.facts).to.include({ beginsWhole: false, isTimed: false });
  });

  it('marks the number of records as inexact if the archive ends amid a frame', () => {
    const blocks = sampleBlocks();
    for (const length of [1, 63, 64, 65, 3000, blocks.length - 1]) {
      const found = cutAll(blocks.subarray(0, length));
      expect(found, `${length}`).to.include({ recordsAreExact: false, writer: null });
      expect(found.members.at(-1)?.facts.isTimed).to.equal(false);
    }
  });

  it('passes frames of a later version, whose records it cannot count', () => {
    const later = forgeFrame(Buffer.alloc(1500), { version: 3, sequence: 10n });
    const found = cutAll(Buffer.concat([later, sampleBlocks()]));
    expect(found.members[0]?.bytes.length).to.equal(later.length);
    expect(found.members[1]?.facts).to.include({ beginsWhole: true, isTimed: false });
    expect(found.recordsAreExact).to.equal(false);
    expect(recordsIn(found)).to.equal(300);
  });

  it('cuts nothing before the caller iterates', () => {
    const cutter = new MemberCutter(1024);
    const members = cutter.cut(Buffer.alloc(1_000_000, 0xee));
    expect(members.next().value).to.have.property('bytes').with.length(1024);
    expect(members.next().value).to.have.property('bytes').with.length(1024);
  });

  it('keeps its bytes if the caller reuses the chunk', () => {
    const cutter = new MemberCutter(1024);
    const chunk = Buffer.alloc(1000, 0xee);
    expect([...cutter.cut(chunk)]).to.have.length(0);
    chunk.fill(0);
    const [member] = cutter.end();
    expect(member?.bytes.equals(Buffer.alloc(1000, 0xee))).to.equal(true);
  });

  it('reuses memory that it was given back', () => {
    const cutter = new MemberCutter(1024);
    const buffers = new Set<ArrayBufferLike>();
    for (let i = 0; i < 20; i++) {
      for (const { bytes } of cutter.cut(Buffer.alloc(1500, i + 128))) {
        expect(bytes.length).to.equal(1024);
        buffers.add(bytes.buffer);
        cutter.reuse(bytes);
      }
    }
    expect(buffers.size).to.be.at.most(2);
  });

  it('gives its memory to the next cutter of members of the same size', () => {
    const buffers = new Set<ArrayBufferLike>();
    for (let i = 0; i < 20; i++) {
      const cutter = new MemberCutter(2048);
      expect([...cutter.cut(Buffer.alloc(100, 'x'))]).to.have.length(0);
      for (const { bytes } of cutter.end()) {
        buffers.add(bytes.buffer);
        cutter.reuse(bytes);
      }
      cutter.release();
    }
    expect(buffers.size).to.be.at.most(2);
  });

  it('returns any bytes, in members of at most 4 times the limit', () => {
    const anyPiece = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
      fc.nat(30).map((count) => encodeBlocks(records.slice(0, count), { blockBytes: 200 })),
      fc.nat(30).map((count) => encodeVersion1(records.slice(0, count))),
      fc.nat(30).map((count) => encodeJsonLines(records.slice(0, count))),
      fc.nat(9000).map((length) => forgeFrame(Buffer.alloc(length))),
      fc.nat(2 ** 31).map((storedBytes) => forgeFrame(Buffer.alloc(0), { storedBytes })),
    );
    fc.assert(
      fc.property(
        fc.array(anyPiece, { maxLength: 5 }),
        fc.integer({ min: 1, max: 5000 }),
        (all, size) => {
          const { members } = cutAll(Buffer.concat(all), 1024, size);
          for (const { bytes, facts } of members) {
            expect(bytes.length).to.be.within(1, 4096);
            expect(facts.rawBytes).to.equal(bytes.length);
          }
          for (const { bytes } of members.slice(0, -1)) expect(bytes.length).to.be.at.least(1024);
        },
      ),
    );
  });

  it('begins a member with a metadata index, however the bytes are divided', () => {
    const blocks = Array.from({ length: 60 }, (_, block) =>
      Array.from({ length: 10 }, (_, i) => ({
        payload: `${block} ${i} ${'x'.repeat(50)}`,
        metadata: { k: `${block}` },
      })),
    );
    const { bytes, frames } = sealArchive(blocks, { indexedKeys: ['k'] });
    const begin = frames.at(-2)?.begin ?? 0;
    for (const size of [1, 63, 64, 1000, begin, begin + 64, bytes.length]) {
      const { members, recordsAreExact } = cutAll(bytes, 2 ** 20, size);
      expect(members.map(({ bytes }) => bytes.length)).to.deep.equal([begin, bytes.length - begin]);
      expect(members.map(({ facts }) => facts.records)).to.deep.equal([600, 0]);
      expect(members[1]?.facts).to.include({ beginsWhole: true, isTimed: true });
      expect(recordsAreExact).to.equal(true);
    }
    // Also if little of the last member precedes it.
    const { members } = cutAll(bytes, begin - 900);
    expect(members).to.have.length(3);
    expect(members.map(({ facts }) => facts.records)).to.deep.equal([590, 10, 0]);
    // A small archive would save nothing.
    const small = sealArchive(blocks.slice(0, 3), { indexedKeys: ['k'] }).bytes;
    expect(cutAll(small, 2 ** 20).members).to.have.length(1);
  });

  it('counts a metadata index whose body is missing as unknown', () => {
    const { bytes, frames } = sealArchive(
      [[{ payload: 'x'.repeat(20_000), metadata: { k: '1' } }]],
      {
        indexedKeys: ['k'],
      },
    );
    const begin = frames.at(-2)?.begin ?? 0;
    for (const end of [begin + 10, begin + 64]) {
      const { members, recordsAreExact } = cutAll(bytes.subarray(0, end), 2 ** 20, end);
      expect(members.map(({ bytes }) => bytes.length)).to.satisfy(
        (sizes: number[]) => sizes.reduce((a, b) => a + b, 0) === end,
      );
      expect(recordsAreExact).to.equal(false);
    }
  });
});
