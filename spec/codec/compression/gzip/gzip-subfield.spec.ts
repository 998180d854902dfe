import { crc32, gunzipSync } from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';

import {
  encodeMemberHeader,
  findSubfield,
} from '../../../../lib/codec/compression/gzip/gzip-subfield.js';
import { writeSection } from '../../../../lib/codec/compression/members/section.js';

const EMPTY = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

const header = encodeMemberHeader(12, (bytes, start) => {
  writeSection(bytes, start, 2, (section) => void section.write('deadbeef', 4, 'hex'));
});

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
    expect(found).to.include({ start: 16, length: 12 });
    expect(found?.bytes.toString('hex')).to.equal(header.toString('hex', 16));
  });

  it('finds it among other subfields', () => {
    const other = Buffer.from('4142030000010258590000', 'hex');
    const member = withExtra(Buffer.concat([other, header.subarray(12), other]));
    expect(findSubfield(member)).to.include({ start: 12 + 11 + 4, length: 12 });
  });

  it('finds it as soon as the bytes include version and kind', () => {
    for (let length = 0; length < header.length; length++) {
      const found = findSubfield(header.subarray(0, length));
      if (length < 20) expect(found, `${length} bytes`).to.equal(null);
      else expect(found, `${length} bytes`).to.include({ start: 16, length: 12 });
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
    const noise = fc.uint8Array({ maxLength: 80 });
    // Half of the lengths are right: else, by chance, no subfield at all may be found.
    const lengths = fc.option(fc.nat(90), { freq: 1 });
    const ours = fc.tuple(lengths, noise).map(([length, bytes]) => {
      const lengthBytes = [length ?? bytes.length, 0];
      return Buffer.concat([Buffer.from([...Buffer.from('SB'), ...lengthBytes]), bytes]);
    });
    const anyExtra = fc
      .array(fc.oneof(noise, ours), { minLength: 1, maxLength: 2 })
      .map((parts) => Buffer.concat(parts));
    let count = 0;
    fc.assert(
      fc.property(anyExtra, fc.uint8Array({ maxLength: 40 }), (extra, rest) => {
        const bytes = Buffer.concat([withExtra(extra), rest]);
        const found = findSubfield(bytes);
        if (found === null) return;
        expect(found.start + found.length).to.be.at.most(12 + extra.length);
        expect(found.bytes.length).to.be.at.most(found.length);
        count++;
      }),
    );
    expect(count).to.be.above(0);
  });
});
