import { expect } from 'chai';
import fc from 'fast-check';

import {
  type MemberEntry,
  mergeMemberEntries,
  readMemberEntry,
  UNTIMED,
  writeMemberEntry,
} from '../../../../lib/codec/compression/members/member-entry.js';
import { gzipFail, refusalOf } from '../../../support/gzip-tools.js';

const entry: MemberEntry = {
  memberBytes: 1000,
  rawBytes: 2 ** 40,
  records: 7,
  beginsWhole: true,
  isTimed: true,
  sequence: 2 ** 33,
  earliestMicros: -5,
  latestMicros: 900,
};

function encoded(some: MemberEntry): Buffer {
  const bytes = Buffer.alloc(52);
  writeMemberEntry(bytes, 0, some);
  return bytes;
}

const anyEntry: fc.Arbitrary<MemberEntry> = fc
  .record({
    memberBytes: fc.integer({ min: 87, max: Number.MAX_SAFE_INTEGER }),
    rawBytes: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    records: fc.maxSafeNat(),
    beginsWhole: fc.boolean(),
    isTimed: fc.boolean(),
    sequence: fc.maxSafeNat(),
    times: fc.tuple(fc.maxSafeInteger(), fc.maxSafeInteger()),
  })
  .map(({ times, ...facts }) => {
    return { ...facts, earliestMicros: Math.min(...times), latestMicros: Math.max(...times) };
  });

describe('writeMemberEntry', () => {
  it('has the layout of docs/format-gzip.md', () => {
    const bytes = encoded(entry);
    const numbers = Array.from({ length: 6 }, (_, i) => Number(bytes.readBigInt64LE(8 * i)));
    expect(numbers).to.deep.equal([1000, 2 ** 40, 7, 2 ** 33, -5, 900]);
    expect(bytes.readUInt32LE(48)).to.equal(3);
    expect(encoded({ ...entry, beginsWhole: false }).readUInt32LE(48)).to.equal(2);
    expect(encoded({ ...entry, isTimed: false }).readUInt32LE(48)).to.equal(1);
  });
});

/** The smallest member of gzip. */
const LEAST_BYTES = 87;

describe('readMemberEntry', () => {
  it('reads any written entry', () => {
    fc.assert(
      fc.property(anyEntry, (some) => {
        expect(readMemberEntry(encoded(some), 0, LEAST_BYTES, gzipFail)).to.deep.equal(some);
      }),
    );
  });

  it('ignores unknown flags', () => {
    const bytes = encoded(entry);
    bytes.writeUInt32LE(0xffffffff, 48);
    expect(readMemberEntry(bytes, 0, LEAST_BYTES, gzipFail)).to.deep.equal(entry);
  });

  const forged: ReadonlyArray<readonly [what: string, at: number, value: bigint]> = [
    ['a member below the smallest size', 0, 86n],
    ['a member beyond 53 bits', 0, 2n ** 53n],
    ['a member without data', 8, 0n],
    ['records beyond 53 bits', 16, 2n ** 63n],
    ['a sequence beyond 53 bits', 24, 2n ** 64n - 1n],
    ['an earliest time after the latest', 32, 901n],
    ['a latest time beyond 53 bits', 40, 2n ** 53n],
  ];
  for (const [what, at, value] of forged) {
    it(`refuses ${what}`, () => {
      const bytes = encoded(entry);
      bytes.writeBigUInt64LE(value, at);
      const place = at === 32 ? 40 : at;
      expect(refusalOf(() => readMemberEntry(bytes, 0, LEAST_BYTES, gzipFail))).to.match(
        new RegExp(`^byte ${place}: a number from `),
      );
    });
  }

  it('decodes or refuses any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 52, maxLength: 52 }), (bytes) => {
        refusalOf(() => readMemberEntry(Buffer.from(bytes), 0, LEAST_BYTES, gzipFail));
      }),
    );
  });
});

describe('mergeMemberEntries', () => {
  const second = { ...entry, memberBytes: 5, rawBytes: 6, sequence: 8, earliestMicros: -9 };

  it('adds up, and spans both', () => {
    const merged = mergeMemberEntries(entry, { ...second, beginsWhole: false });
    expect(merged).to.deep.equal({
      memberBytes: 1005,
      rawBytes: 2 ** 40 + 6,
      records: 14,
      beginsWhole: true,
      isTimed: true,
      sequence: 2 ** 33,
      earliestMicros: -9,
      latestMicros: 900,
    });
  });

  it('has no times if one of the entries has none', () => {
    const untimed = { ...second, ...UNTIMED };
    for (const merged of [mergeMemberEntries(entry, untimed), mergeMemberEntries(untimed, entry)]) {
      expect(merged).to.include({ ...UNTIMED, records: 14 });
    }
  });

  it('takes the times of the entry that has records', () => {
    const none = { ...entry, records: 0, sequence: 0, earliestMicros: 0, latestMicros: 0 };
    const times = { isTimed: true, sequence: 2 ** 33, earliestMicros: -5, latestMicros: 900 };
    expect(mergeMemberEntries(entry, none)).to.include(times);
    const last = mergeMemberEntries({ ...none, beginsWhole: false }, entry);
    expect(last).to.include({ ...times, beginsWhole: false });
  });
});
