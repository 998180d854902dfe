import { crc32, gunzipSync } from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';

import {
  checkSubfield,
  encodeMemberHeader,
  findSubfield,
} from '../../../lib/codec/gzip/gzip-subfield.js';
import { gzipFail, refusalOf } from '../../support/gzip-tools.js';

const EMPTY = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

const header = encodeMemberHeader(2, 12, (bytes, at) => bytes.write('deadbeef', at + 4, 'hex'));

/** A gzip member's header with these bytes as its extra field. */
function withExtra(extra: Uint8Array): Buffer {
  const start = Buffer.from('1f8b08040000000000ff0000', 'hex');
  start.writeUInt16LE(extra.length, 10);
  return Buffer.concat([start, extra]);
}

describe('encodeMemberHeader', () => {
  it('has the layout of docs/format-gzip.md', () => {
    const fixed = '1f8b08040000000000ff';
    const data = Buffer.from('01020000deadbeef', 'hex');
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(crc32(data));
    const parts = [fixed, '1000', '5342', '0c00', data.toString('hex'), crc.toString('hex')];
    expect(header.toString('hex')).to.equal(parts.join(''));
  });

  it('makes a header that gzip accepts', () => {
    expect(gunzipSync(Buffer.concat([header, EMPTY]))).to.have.length(0);
  });
});

describe('findSubfield', () => {
  it('finds an encoded subfield', () => {
    const found = findSubfield(Buffer.concat([header, EMPTY]));
    expect(found).to.include({ version: 1, kind: 2, start: 16, dataBytes: 12 });
    expect(found?.data.toString('hex')).to.equal(header.toString('hex', 16));
  });

  it('finds it among other subfields', () => {
    const other = Buffer.from('4142030000010258590000', 'hex');
    const member = withExtra(Buffer.concat([other, header.subarray(12), other]));
    expect(findSubfield(member)).to.include({ version: 1, kind: 2, start: 12 + 11 + 4 });
  });

  it('finds it as soon as the bytes include version and kind', () => {
    for (let length = 0; length < header.length; length++) {
      const found = findSubfield(header.subarray(0, length));
      if (length < 20) expect(found, `${length} bytes`).to.equal(null);
      else expect(found, `${length} bytes`).to.include({ version: 1, kind: 2, dataBytes: 12 });
    }
  });

  it("finds none in another program's gzip", () => {
    const none = [
      Buffer.alloc(40),
      Buffer.from('1f8b08000000000000ff535342', 'hex'),
      withExtra(Buffer.alloc(0)),
      withExtra(Buffer.from('4142040001020304', 'hex')),
      withExtra(Buffer.from('53420300010203', 'hex')),
    ];
    for (const bytes of none) expect(findSubfield(bytes), bytes.toString('hex')).to.equal(null);
  });

  it('finds none that extends past its extra field', () => {
    const member = withExtra(Buffer.from('5342ffff0102000000000000', 'hex'));
    expect(findSubfield(Buffer.concat([member, Buffer.alloc(70_000)]))).to.equal(null);
  });

  it('accepts any extra field', () => {
    const anyExtra = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.concat([Buffer.from('SB'), bytes])),
    );
    fc.assert(
      fc.property(anyExtra, fc.uint8Array({ maxLength: 40 }), (extra, rest) => {
        const bytes = Buffer.concat([withExtra(extra), rest]);
        const found = findSubfield(bytes);
        if (found === null) return;
        expect(found.start + found.dataBytes).to.be.at.most(12 + extra.length);
        expect(found.data.length).to.equal(found.dataBytes);
      }),
    );
  });
});

describe('checkSubfield', () => {
  const check = (bytes: Buffer, dataBytes: number) => {
    const subfield = findSubfield(bytes);
    if (subfield === null) throw new Error('no subfield');
    checkSubfield(subfield, dataBytes, gzipFail);
  };

  it('accepts an encoded subfield', () => {
    check(header, 12);
  });

  it('refuses another length', () => {
    expect(refusalOf(() => check(header, 16))).to.equal('byte 16: a subfield of 16 bytes, not 12');
  });

  it('refuses a torn subfield, and states where it ends', () => {
    const torn = header.subarray(0, 21);
    expect(refusalOf(() => check(torn, 12))).to.equal('byte 16: 12 bytes, not the end after 5');
  });

  it('refuses a subfield with any bit flipped', () => {
    for (let bit = 20 * 8; bit < header.length * 8; bit++) {
      const flipped = Buffer.from(header);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(refusalOf(() => check(flipped, 12))).to.match(/^byte 24: subfield checksum 0x/);
    }
  });
});
