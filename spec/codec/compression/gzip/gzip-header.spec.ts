import { crc32, gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { gzipHeaderBytes, isGzip } from '../../../../lib/codec/compression/gzip/gzip-header.js';
import type { Fail } from '../../../../lib/codec/compression/members/section.js';

const fail: Fail = (expected, found) => {
  throw new Error(`expected ${expected}, found ${found}`);
};

/** A header with the given flags and what they say follows. */
function header(flags: number, ...parts: string[]): Buffer {
  const fixed = Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]);
  return Buffer.concat([fixed, ...parts.map((part) => Buffer.from(part, 'latin1'))]);
}

function withCrc(bytes: Buffer): Buffer {
  const crc = Buffer.alloc(2);
  crc.writeUInt16LE(crc32(bytes) & 0xffff);
  return Buffer.concat([bytes, crc]);
}

describe('gzipHeaderBytes', () => {
  const headers: ReadonlyArray<readonly [name: string, bytes: Buffer]> = [
    ['nothing more', header(0)],
    ['a mark for text', header(0x01)],
    ['an extra field', header(0x04, '\x03\x00abc')],
    ['an empty extra field', header(0x04, '\x00\x00')],
    ['a name', header(0x08, 'name\0')],
    ['an empty name', header(0x08, '\0')],
    ['a comment', header(0x10, 'comment\0')],
    ['a checksum', withCrc(header(0x02))],
    ['all of it', withCrc(header(0x1f, '\x05\x00a\0b\0c', 'name\0', 'comment\0'))],
  ];
  for (const [name, bytes] of headers) {
    it(`measures a header with ${name}, once it is whole`, () => {
      for (let at = 0; at < bytes.length; at++) {
        expect(gzipHeaderBytes(bytes.subarray(0, at), fail)).to.equal(undefined);
      }
      for (const rest of ['', 'data', '\0']) {
        const member = Buffer.concat([bytes, Buffer.from(rest)]);
        expect(gzipHeaderBytes(member, fail)).to.equal(bytes.length);
      }
    });
  }

  it("measures zlib's own", () => {
    expect(gzipHeaderBytes(gzipSync('text'), fail)).to.equal(10);
  });

  it('fails for what is no header', () => {
    const damaged = withCrc(header(0x02));
    damaged.writeUInt8(1, 9);
    const refused: [bytes: Buffer, message: RegExp][] = [
      [Buffer.from('x'), /a gzip member, found 0x78$/],
      [Buffer.from('\x1f\x8c', 'latin1'), /a gzip member, found 0x1f/],
      [header(0x20), /flags below 0x20, found 0x20$/],
      [damaged, /header checksum 0x[0-9a-f]{4}, found 0x[0-9a-f]{4}$/],
      [header(0x08, 'x'.repeat(300_000)), /a gzip header of 256 KiB, found a longer one$/],
    ];
    for (const [bytes, message] of refused) {
      expect(() => gzipHeaderBytes(bytes, fail)).to.throw(Error, message);
    }
  });
});

describe('isGzip', () => {
  it('recognises gzip by its first two bytes', () => {
    expect(isGzip(gzipSync(''))).to.equal(true);
    for (const text of ['', '\x1f', '{"n":1}', '\x84\x78']) {
      expect(isGzip(Buffer.from(text, 'latin1'))).to.equal(false);
    }
  });
});
