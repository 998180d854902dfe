import { crc32 } from 'node:zlib';

import { expect } from 'chai';

import {
  checkSection,
  isSection,
  writeSection,
} from '../../../../lib/codec/compression/members/section.js';
import { gzipFail, refusalOf } from '../../../support/gzip-tools.js';

/** A section of 12 bytes after 16 others. */
const bytes = Buffer.alloc(16 + 12);
writeSection(bytes, 16, 2, (section) => void section.write('deadbeef', 4, 'hex'));
const whole = bytes.subarray(16);

describe('writeSection', () => {
  it('writes version, kind, the fields and the CRC-32 of them', () => {
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(crc32(Buffer.from('01020000deadbeef', 'hex')));
    expect(whole.toString('hex')).to.equal(`01020000deadbeef${crc.toString('hex')}`);
    expect(bytes.subarray(0, 16)).to.deep.equal(Buffer.alloc(16));
  });
});

describe('isSection', () => {
  it('knows version and kind', () => {
    expect(isSection(whole, 2)).to.equal(true);
    expect(isSection(whole, 3)).to.equal(false);
    expect(isSection(Buffer.of(2, 2), 2)).to.equal(false);
    expect(isSection(Buffer.alloc(0), 2)).to.equal(false);
  });
});

describe('checkSection', () => {
  const check = (section: Buffer, expectedBytes = 12) =>
    refusalOf(() =>
      checkSection({ start: 16, bytes: section, length: 12 }, expectedBytes, gzipFail),
    );

  it('accepts a written section', () => {
    expect(check(whole)).to.equal(undefined);
  });

  it('refuses another length', () => {
    expect(check(whole, 16)).to.equal('byte 16: a section of 16 bytes, not 12');
  });

  it('refuses a torn section, and states where it ends', () => {
    expect(check(whole.subarray(0, 5))).to.equal('byte 16: 12 bytes, not the end after 5');
  });

  it('refuses a section with any bit flipped', () => {
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(check(flipped)).to.match(/^byte 24: section checksum 0x/);
    }
  });
});
