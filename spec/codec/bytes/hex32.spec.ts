import { expect } from 'chai';

import { hex32 } from '../../../lib/codec/bytes/hex32.js';

describe('hex32', () => {
  for (const [value, hex] of [
    [0, '0x00000000'],
    [0xcbf43926, '0xcbf43926'],
    [0xffffffff, '0xffffffff'],
    [-1, '0xffffffff'],
  ] as const) {
    it(`writes ${value} as ${hex}`, () => {
      expect(hex32(value)).to.equal(hex);
    });
  }
});
