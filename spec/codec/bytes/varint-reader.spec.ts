import { expect } from 'chai';
import fc from 'fast-check';

import { BAD_VARINT, VarintReader } from '../../../lib/codec/bytes/varint-reader.js';
import { forgeVarint, forgeZigzag } from '../../support/forge-frame.js';
import {
  anySigned,
  encodeSignedVarint,
  encodeVarint,
  GROUP_BOUNDARIES,
  SIGNED_BOUNDARIES,
} from '../../support/varints.js';

const MOST = Number.MAX_SAFE_INTEGER;

describe('VarintReader', () => {
  it('reads written values, one by one', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.maxSafeNat(), fc.nat(300))), (values) => {
        const reader = new VarintReader(Buffer.concat(values.map(encodeVarint)));
        for (const value of values) expect(reader.readUnsigned()).to.equal(value);
        expect(reader.position).to.equal(reader.end);
      }),
    );
  });

  it('reads written signed values', () => {
    fc.assert(
      fc.property(fc.array(anySigned), (values) => {
        const reader = new VarintReader(Buffer.concat(values.map(encodeSignedVarint)));
        for (const value of values) expect(reader.readSigned()).to.equal(value);
        expect(reader.position).to.equal(reader.end);
      }),
    );
  });

  for (const value of GROUP_BOUNDARIES) {
    it(`reads ${value}`, () => {
      expect(new VarintReader(forgeVarint(value)).readUnsigned()).to.equal(value);
    });
  }

  for (const value of [...SIGNED_BOUNDARIES, MOST, -MOST]) {
    it(`reads the zigzag of ${value}`, () => {
      expect(new VarintReader(forgeZigzag(value)).readSigned()).to.equal(value);
    });
  }

  const bad: ReadonlyArray<readonly [what: string, hex: string]> = [
    ['nothing', ''],
    ['a torn varint', '80'],
    ['a varint torn after seven groups', 'ffffffffffffff'],
    ['a zero that is not minimal', '8000'],
    ['a one that is not minimal', '818000'],
    ['a varint of eight bytes that is not minimal', 'ffffffffffffff00'],
    ['a varint of nine bytes', '808080808080808001'],
    ['a varint that never ends', 'ff'.repeat(20)],
  ];
  for (const [what, hex] of bad) {
    it(`does not read ${what}, and keeps its position`, () => {
      const reader = new VarintReader(Buffer.from(hex, 'hex'));
      expect(reader.readUnsigned()).to.equal(BAD_VARINT);
      expect(reader.readSigned()).to.be.NaN;
      expect(reader.position).to.equal(0);
    });
  }

  for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 56n - 1n]) {
    it(`does not read ${value}, which a double may not hold`, () => {
      const reader = new VarintReader(forgeVarint(value));
      expect(reader.readUnsigned()).to.equal(BAD_VARINT);
      expect(reader.position).to.equal(0);
    });
  }

  for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 54n, 2n ** 55n - 1n, -(2n ** 55n)]) {
    it(`does not read the zigzag of ${value}, and keeps its position`, () => {
      const reader = new VarintReader(forgeZigzag(value));
      expect(reader.readSigned()).to.be.NaN;
      expect(reader.position).to.equal(0);
    });
  }

  it('does not read past its end', () => {
    const reader = new VarintReader(Buffer.from([0x80, 0x01, 0x05]));
    reader.end = 1;
    expect(reader.readUnsigned()).to.equal(BAD_VARINT);
    reader.end = 2;
    expect(reader.readUnsigned()).to.equal(128);
    expect(reader.readUnsigned()).to.equal(BAD_VARINT);
    expect(reader.readSigned()).to.be.NaN;
  });

  it('reads any bytes as a value whose encoding is the same bytes, or not at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10 }), (bytes) => {
        const reader = new VarintReader(bytes);
        const value = reader.readUnsigned();
        if (value === BAD_VARINT) return;
        expect(encodeVarint(value).equals(bytes.subarray(0, reader.position))).to.equal(true);
      }),
      { numRuns: 1000 },
    );
  });
});
