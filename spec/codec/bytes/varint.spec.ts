import { expect } from 'chai';
import fc from 'fast-check';

import {
  signedVarintBytes,
  varintBytes,
  writeSignedVarint,
  writeVarint,
} from '../../../lib/codec/bytes/varint.js';
import { forgeVarint, forgeZigzag } from '../../support/forge-frame.js';

const MOST = Number.MAX_SAFE_INTEGER;

/** The last value of each length, and the first of the next. */
const GROUP_BOUNDARIES = [1, 2, 3, 4, 5, 6, 7].flatMap((groups) => [
  2 ** (7 * groups) - 1,
  2 ** (7 * groups),
]);

/** The same for zigzags, where a value takes one bit more. */
const SIGNED_BOUNDARIES = [1, 2, 3, 4, 5, 6, 7].flatMap((groups) => [
  2 ** (7 * groups - 1) - 1,
  2 ** (7 * groups - 1),
  -(2 ** (7 * groups - 1)),
  -(2 ** (7 * groups - 1)) - 1,
]);

const signed = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(...SIGNED_BOUNDARIES),
  fc.integer({ min: -200, max: 200 }),
);

function write(value: number): Buffer {
  const bytes = Buffer.alloc(16);
  return bytes.subarray(2, writeVarint(bytes, 2, value));
}

function writeSigned(value: number): Buffer {
  const bytes = Buffer.alloc(16);
  return bytes.subarray(2, writeSignedVarint(bytes, 2, value));
}

describe('writeVarint', () => {
  const samples: ReadonlyArray<readonly [value: number, hex: string]> = [
    [0, '00'],
    [1, '01'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [16_384, '808001'],
    [2 ** 32, '8080808010'],
    [MOST, 'ffffffffffffff0f'],
  ];
  for (const [value, hex] of samples) {
    it(`writes ${value} as ${hex}`, () => {
      expect(write(value).toString('hex')).to.equal(hex);
    });
  }

  for (const value of [...GROUP_BOUNDARIES, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, MOST - 1]) {
    it(`writes ${value} as the definition says, in as many bytes as computed`, () => {
      expect(write(value).toString('hex')).to.equal(forgeVarint(value).toString('hex'));
      expect(varintBytes(value)).to.equal(forgeVarint(value).length);
    });
  }

  it('writes any value as the definition says', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(write(value).equals(forgeVarint(value))).to.equal(true);
        expect(varintBytes(value)).to.equal(forgeVarint(value).length);
      }),
    );
  });
});

describe('writeSignedVarint', () => {
  const samples: ReadonlyArray<readonly [value: number, hex: string]> = [
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [-2, '03'],
    [63, '7e'],
    [-64, '7f'],
    [64, '8001'],
    [MOST, 'feffffffffffff1f'],
    [-MOST, 'fdffffffffffff1f'],
  ];
  for (const [value, hex] of samples) {
    it(`writes ${value} as ${hex}`, () => {
      expect(writeSigned(value).toString('hex')).to.equal(hex);
    });
  }

  it('writes any value as the definition says, in as many bytes as computed', () => {
    fc.assert(
      fc.property(signed, (value) => {
        expect(writeSigned(value).equals(forgeZigzag(value))).to.equal(true);
        expect(signedVarintBytes(value)).to.equal(forgeZigzag(value).length);
      }),
    );
  });
});
