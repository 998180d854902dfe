import { crc32, gunzipSync, gzipSync } from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';

import {
  decodeDataHeader,
  encodeDataHeader,
  encodeEndMember,
  encodeIndexMembers,
} from '../../../../lib/codec/compression/gzip/gzip-member.js';
import type { MemberFacts } from '../../../../lib/codec/compression/members/member-entry.js';
import { gzipFail, membersOf, refusalOf } from '../../../support/gzip-tools.js';

const facts: MemberFacts = {
  rawBytes: 11,
  records: 2,
  beginsWhole: true,
  isTimed: true,
  sequence: 5,
  earliestMicros: -1,
  latestMicros: 8,
};

const deflated = gzipSync('hello world').subarray(10);
const header = encodeDataHeader(facts, deflated.length);

describe('encodeDataHeader', () => {
  it('makes a member that gzip accepts from deflate data and their trailer', () => {
    expect(gunzipSync(Buffer.concat([header, deflated])).toString()).to.equal('hello world');
  });

  it('states the size of the member', () => {
    expect(header.length).to.equal(76);
    expect(header.readBigUInt64LE(20)).to.equal(BigInt(76 + deflated.length));
  });
});

describe('decodeDataHeader', () => {
  const member = Buffer.concat([header, deflated]);

  it('decodes an encoded header without the data', () => {
    const entry = { ...facts, memberBytes: member.length };
    expect(decodeDataHeader(header, gzipFail)).to.deep.equal(entry);
    expect(decodeDataHeader(member, gzipFail)).to.deep.equal(entry);
  });

  it('returns null for other members', () => {
    const [index = Buffer.alloc(0)] = encodeIndexMembers([]);
    const later = Buffer.from(header);
    later.writeUInt8(2, 16);
    for (const other of [gzipSync('x'), index, Buffer.alloc(0), Buffer.from('{}'), later]) {
      expect(decodeDataHeader(other, gzipFail)).to.equal(null);
    }
  });

  it('refuses a torn header once it holds version and kind', () => {
    for (let length = 0; length < header.length; length++) {
      const refusal = refusalOf(() => decodeDataHeader(header.subarray(0, length), gzipFail));
      if (length < 20) expect(refusal).to.equal(undefined);
      else expect(refusal).to.equal(`byte 16: 60 bytes, not the end after ${length - 16}`);
    }
  });

  it('refuses an impossible entry with a good checksum', () => {
    const forged = Buffer.from(header);
    forged.writeBigUInt64LE(2n ** 60n, 16 + 4 + 8);
    forged.writeUInt32LE(crc32(forged.subarray(16, 72)), 72);
    const refusal = refusalOf(() => decodeDataHeader(forged, gzipFail));
    expect(refusal).to.equal('byte 28: a number from 1 within 53 bits, not NaN');
  });

  it('decodes or refuses any bytes, also after a good beginning', () => {
    const anyBytes = fc
      .tuple(fc.nat(76), fc.uint8Array({ maxLength: 100 }))
      .map(([kept, bytes]) => {
        return Buffer.concat([header.subarray(0, kept), bytes]);
      });
    fc.assert(
      fc.property(anyBytes, (bytes) => void refusalOf(() => decodeDataHeader(bytes, gzipFail))),
    );
  });
});

describe('encodeIndexMembers', () => {
  const entry = { ...facts, memberBytes: 100 };
  const entriesIn = (count: number) => {
    const members = [...encodeIndexMembers(Array.from({ length: count }, () => entry))];
    return members.map((member) => [member.readUInt32LE(20), member.readUInt32LE(24)]);
  };

  it('makes one member if there is no entry', () => {
    expect(entriesIn(0)).to.deep.equal([[0, 0]]);
  });

  it('makes as many members as the entries need', () => {
    expect(entriesIn(1259)).to.deep.equal([[0, 1259]]);
    expect(entriesIn(1260)).to.deep.equal([
      [0, 1259],
      [1259, 1],
    ]);
    expect(entriesIn(65_536)).to.have.length(53);
  });

  it('makes members that gzip accepts and that hold no data', () => {
    const members = Buffer.concat([
      ...encodeIndexMembers(Array.from({ length: 3000 }, () => entry)),
    ]);
    expect(gunzipSync(members)).to.have.length(0);
    expect(membersOf(members).map(({ kind }) => kind)).to.deep.equal([2, 2, 2]);
  });
});

describe('encodeEndMember', () => {
  const totals = {
    indexBytes: 94,
    dataBytes: 2 ** 41,
    rawBytes: 2 ** 42,
    records: 3,
    recordsAreExact: true,
    writer: '0123456789abcdef',
  };

  it('makes a member of 78 bytes that gzip accepts', () => {
    const member = encodeEndMember(totals);
    expect(member.length).to.equal(78);
    expect(gunzipSync(member)).to.have.length(0);
  });

  it('has the layout of docs/format-gzip.md', () => {
    const member = encodeEndMember(totals);
    expect(member.toString('hex', 10, 20)).to.equal('38005342340001030000');
    expect(member.readUInt32LE(20)).to.equal(3);
    const numbers = [24, 32, 40, 48].map((at) => Number(member.readBigUInt64LE(at)));
    expect(numbers).to.deep.equal([94, 2 ** 41, 2 ** 42, 3]);
    expect(member.toString('hex', 56, 64)).to.equal('0123456789abcdef');
    expect(member.readUInt32LE(64)).to.equal(crc32(member.subarray(16, 64)));
  });

  it('states which facts are unknown', () => {
    const member = encodeEndMember({ ...totals, recordsAreExact: false, writer: null });
    expect(member.readUInt32LE(20)).to.equal(0);
    expect(member.toString('hex', 56, 64)).to.equal('00'.repeat(8));
  });
});
