import { expect } from 'chai';

import {
  headerCrc,
  readFrameHeader,
  writeChecksums,
  writeHeaderFields,
} from '../../../lib/codec/version-2/frame-header.js';
import { BODY_CRC_OFFSET, HEADER_CRC_OFFSET } from '../../../lib/format/version-2.js';
import { forgeFrame } from '../../support/forge-frame.js';

const facts = {
  kind: 1,
  records: 3,
  sequence: 2 ** 40 + 5,
  earliestMicros: -2,
  latestMicros: Number.MAX_SAFE_INTEGER,
  writerId: Buffer.from('0102030405060708', 'hex'),
};

describe('writeHeaderFields', () => {
  it('has the layout of docs/format.md', () => {
    const body = Buffer.from('a body');
    const frame = Buffer.alloc(64 + body.length);
    frame.set(body, 64);
    writeHeaderFields(frame, 0, body.length, facts);
    writeChecksums(frame);
    const forged = forgeFrame(body, {
      records: 3,
      sequence: 2n ** 40n + 5n,
      earliestMicros: -2n,
      latestMicros: 2n ** 53n - 1n,
    });
    expect(frame.toString('hex')).to.equal(forged.toString('hex'));
  });

  it('writes from its start on and nowhere else', () => {
    const bytes = Buffer.alloc(3 + 64 + 3, 0xee);
    writeHeaderFields(bytes, 3, 0, facts);
    expect(bytes.toString('hex', 0, 3)).to.equal('eeeeee');
    expect(bytes.toString('hex', 67)).to.equal('eeeeee');
  });
});

describe('writeChecksums', () => {
  it('completes frames that follow each other, and changes nothing when repeated', () => {
    const bodies = ['a body', '', 'another'].map((text) => Buffer.from(text));
    const expected = bodies.map((body) => forgeFrame(body, { records: 3 }));
    const frames = Buffer.concat(expected);
    for (let at = 0, i = 0; at < frames.length; at += expected[i++]?.length ?? 0) {
      frames.fill(0xee, at + BODY_CRC_OFFSET, at + BODY_CRC_OFFSET + 4);
      frames.fill(0xee, at + HEADER_CRC_OFFSET, at + HEADER_CRC_OFFSET + 4);
    }
    for (let round = 0; round < 2; round++) {
      writeChecksums(frames);
      expect(frames.equals(Buffer.concat(expected))).to.equal(true);
    }
  });

  it('does nothing without frames', () => {
    writeChecksums(Buffer.alloc(0));
  });
});

describe('readFrameHeader', () => {
  it('reads a written header', () => {
    const bytes = Buffer.alloc(70);
    writeHeaderFields(bytes, 2, 4, facts);
    writeChecksums(bytes.subarray(2));
    const { writerId, ...others } = facts;
    expect(readFrameHeader(bytes, 2)).to.deep.equal({
      ...others,
      version: 2,
      codec: 0,
      bodyBytes: 4,
      storedBytes: 4,
      bodyCrc: 0x2144df1c,
      writer: writerId.toString('hex'),
      flags: 0,
    });
  });

  it('reads each field from its position', () => {
    const header = {
      version: 7,
      kind: 200,
      codec: 9,
      records: 0xffffffff,
      bodyBytes: 0xfffffffe,
      storedBytes: 0xfffffffd,
      flags: 0x80000001,
    };
    const found = readFrameHeader(forgeFrame(Buffer.alloc(0), header));
    expect(found).to.include(header);
  });

  it('reads numbers beyond 53 bits as NaN', () => {
    const beyond = { sequence: 2n ** 53n, earliestMicros: -(2n ** 53n), latestMicros: 2n ** 62n };
    const found = readFrameHeader(forgeFrame(Buffer.alloc(0), beyond));
    expect([found.sequence, found.earliestMicros, found.latestMicros]).to.deep.equal([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });
});

describe('headerCrc', () => {
  it('covers every bit before it', () => {
    const frame = forgeFrame(Buffer.alloc(0));
    const crc = headerCrc(frame);
    for (let bit = 0; bit < 60 * 8; bit++) {
      const flipped = Buffer.from(frame);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(headerCrc(flipped)).to.not.equal(crc);
    }
  });
});
