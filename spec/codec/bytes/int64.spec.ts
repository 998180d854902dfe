import { expect } from 'chai';
import fc from 'fast-check';

import { readInt64, readUint64, writeInt64 } from '../../../lib/codec/bytes/int64.js';

const MOST = Number.MAX_SAFE_INTEGER;

const anyInteger = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 32), 2 ** 32 - 1, MOST, -MOST),
);

describe('writeInt64', () => {
  it('writes the same bytes as Buffer, little-endian', () => {
    fc.assert(
      fc.property(anyInteger, (value) => {
        const [ours, theirs] = [Buffer.alloc(9), Buffer.alloc(9)];
        writeInt64(ours, 1, value);
        theirs.writeBigInt64LE(BigInt(value), 1);
        expect(ours.equals(theirs)).to.equal(true);
      }),
    );
  });
});

describe('readInt64', () => {
  it('reads any integer within ±(2^53 - 1)', () => {
    fc.assert(
      fc.property(anyInteger, (value) => {
        const bytes = Buffer.alloc(9);
        bytes.writeBigInt64LE(BigInt(value), 1);
        expect(readInt64(bytes, 1)).to.equal(value);
      }),
    );
  });

  it('reads any other integer as NaN', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64LE(value);
        const isSafe = value >= -BigInt(MOST) && value <= BigInt(MOST);
        expect(readInt64(bytes, 0)).to.deep.equal(isSafe ? Number(value) : Number.NaN);
      }),
    );
  });

  for (const value of [2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), -(2n ** 63n), 2n ** 63n - 1n]) {
    it(`reads ${value} as NaN`, () => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(value);
      expect(readInt64(bytes, 0)).to.be.NaN;
    });
  }
});

describe('readUint64', () => {
  it('reads any integer up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = Buffer.alloc(8);
        bytes.writeBigUInt64LE(BigInt(value));
        expect(readUint64(bytes, 0)).to.equal(value);
      }),
    );
  });

  for (const value of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
    it(`reads ${value} as NaN`, () => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(value);
      expect(readUint64(bytes, 0)).to.be.NaN;
    });
  }
});
