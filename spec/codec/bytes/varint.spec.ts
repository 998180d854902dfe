import { expect } from 'chai';
import fc from 'fast-check';

import { signedVarintBytes, varintBytes } from '../../../lib/codec/bytes/varint.js';
import { forgeVarint, forgeZigzag } from '../../support/forge-frame.js';
import {
  anySigned,
  encodeSignedVarint,
  encodeVarint,
  GROUP_BOUNDARIES,
} from '../../support/varints.js';

const MOST = Number.MAX_SAFE_INTEGER;

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
      expect(encodeVarint(value).toString('hex')).to.equal(hex);
    });
  }

  for (const value of [...GROUP_BOUNDARIES, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, MOST - 1]) {
    it(`writes ${value} as the definition says, in as many bytes as computed`, () => {
      expect(encodeVarint(value).toString('hex')).to.equal(forgeVarint(value).toString('hex'));
      expect(varintBytes(value)).to.equal(forgeVarint(value).length);
    });
  }

  it('writes any value as the definition says', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(encodeVarint(value).equals(forgeVarint(value))).to.equal(true);
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
      expect(encodeSignedVarint(value).toString('hex')).to.equal(hex);
    });
  }

  it('writes any value as the definition says, in as many bytes as computed', () => {
    fc.assert(
      fc.property(anySigned, (value) => {
        expect(encodeSignedVarint(value).equals(forgeZigzag(value))).to.equal(true);
        expect(signedVarintBytes(value)).to.equal(forgeZigzag(value).length);
      }),
    );
  });
});
