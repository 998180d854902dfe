import { expect } from 'chai';
import fc from 'fast-check';

import type { Fail } from '../../../../lib/codec/compression/members/section.js';
import {
  isOurFrame,
  isZstd,
  markFrame,
  readZstdBlock,
  readZstdFrame,
} from '../../../../lib/codec/compression/zstd/zstd-frame.js';
import { commandOutput } from '../../../support/zstd-tools.js';

class Refusal extends Error {}

const fail: Fail = (expected, found) => {
  throw new Refusal(`expected ${expected}, found ${found}`);
};

/** A header of a frame: its magic number, and what follows in hex. */
const header = (hex: string) => Buffer.from(`28b52ffd${hex}`, 'hex');

describe('isZstd', () => {
  it('knows frames and skippable frames by their first four bytes', () => {
    expect(isZstd(header(''))).to.equal(true);
    for (let low = 0; low < 16; low++) {
      expect(isZstd(Buffer.from([0x50 + low, 0x2a, 0x4d, 0x18]))).to.equal(true);
    }
    for (const other of ['', '28b52f', '28b52ffe', '602a4d18', '1f8b0800', '84788669']) {
      expect(isZstd(Buffer.from(other, 'hex')), other).to.equal(false);
    }
  });
});

describe('readZstdFrame', () => {
  const headers: ReadonlyArray<readonly [what: string, hex: string, facts: object]> = [
    ['no size', '0058', { contentBytes: undefined, checksumBytes: 0, headerBytes: 6 }],
    ['a size of one byte', '2401', { contentBytes: 1, checksumBytes: 4, headerBytes: 6 }],
    ['a size of two bytes', '640000', { contentBytes: 256, headerBytes: 7 }],
    ['a size of four bytes', 'a400000100', { contentBytes: 65_536, headerBytes: 9 }],
    ['a size of eight bytes', 'e40100000000000000', { contentBytes: 1, headerBytes: 13 }],
    ['a window and a size', '845800001000', { contentBytes: 2 ** 20, headerBytes: 10 }],
    ['the id 0 of a dictionary', '075800000000', { contentBytes: undefined, headerBytes: 10 }],
  ];
  for (const [what, hex, facts] of headers) {
    it(`reads a header with ${what}, as soon as it is whole`, () => {
      const whole = header(hex);
      for (let length = 0; length < whole.length; length++) {
        expect(readZstdFrame(whole.subarray(0, length), fail)).to.equal(undefined);
      }
      const rest = Buffer.concat([whole, Buffer.alloc(9, 0xff)]);
      for (const bytes of [whole, rest]) {
        expect(readZstdFrame(bytes, fail)).to.include({ kind: 'data', ...facts });
      }
    });
  }

  it('reads the header of a skippable frame', () => {
    const skippable = Buffer.from('5f2a4d18ffffffff', 'hex');
    expect(readZstdFrame(skippable, fail)).to.deep.equal({
      ...{ kind: 'skippable', headerBytes: 8, contentBytes: 2 ** 32 - 1 },
    });
    expect(readZstdFrame(skippable.subarray(0, 7), fail)).to.equal(undefined);
  });

  const refused: ReadonlyArray<readonly [what: string, bytes: Buffer, message: RegExp]> = [
    ['another magic number', Buffer.from('28b52ffe', 'hex'), /a zstd frame, found 0x28b52ffe/],
    ['the start of another magic number', Buffer.from('28b6', 'hex'), /found 0x28b6/],
    ['a reserved bit', header('2c01'), /a reserved bit that is set/],
    ['a dictionary', header('2107000000'), /without a dictionary, found one with 0x07/],
    ['a window of 9 MiB', header('0069'), /at most 8388608 bytes, found 9437184$/],
    ['a window of 128 MiB', header('0088'), /found 134217728$/],
    ['the largest window', header('00ff'), /found 4123168604160$/],
    ['a single segment over 8 MiB', header('a001008000'), /found 8388609$/],
    ['a size beyond 53 bits', header('c0580000000000000080'), /a content size within 53 bits/],
  ];
  for (const [what, bytes, message] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => readZstdFrame(bytes, fail)).to.throw(Refusal, message);
    });
  }

  it('accepts a window of 8 MiB', () => {
    expect(readZstdFrame(header('0068'), fail)).to.include({ kind: 'data' });
    expect(readZstdFrame(header('a000008000'), fail)).to.include({ contentBytes: 2 ** 23 });
  });

  it('reads or refuses any bytes', () => {
    const anyBytes = fc
      .tuple(fc.nat(4), fc.uint8Array({ maxLength: 30 }))
      .map(([kept, bytes]) => Buffer.concat([header('').subarray(0, kept), bytes]));
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        try {
          const frame = readZstdFrame(bytes, fail);
          if (frame !== undefined) expect(frame.headerBytes).to.be.at.most(bytes.length);
        } catch (error) {
          expect(error).to.be.instanceOf(Refusal);
        }
      }),
    );
  });
});

describe('readZstdBlock', () => {
  const block = (last: number, type: number, size: number) => {
    const bytes = Buffer.alloc(3);
    bytes.writeUIntLE(last | (type << 1) | (size << 3), 0, 3);
    return readZstdBlock(bytes, fail);
  };

  it('reads blocks that are raw, repeat a byte, or are compressed', () => {
    expect(block(0, 0, 7)).to.deep.equal({ isLast: false, bytes: 10, leastRawBytes: 7 });
    expect(block(1, 1, 131_072)).to.deep.equal({ isLast: true, bytes: 4, leastRawBytes: 131_072 });
    expect(block(1, 2, 9)).to.deep.equal({ isLast: true, bytes: 12, leastRawBytes: 9 });
  });

  it('refuses a reserved type, and more than 128 KiB', () => {
    expect(() => block(0, 3, 1)).to.throw(Refusal, 'reserved type');
    expect(() => block(0, 0, 131_073)).to.throw(Refusal, 'at most 131072 bytes, found 131073');
  });
});

describe('markFrame', () => {
  /** One raw block, `abc`, in frames that state its size in different ways. */
  const frames = ['0058', '2003', 'a003000000', '805803000000'].map((hex) =>
    Buffer.concat([header(hex), Buffer.from('190000616263', 'hex')]),
  );

  it('makes frames of ours, which the zstd command decompresses', function () {
    for (const frame of frames) {
      const marked = markFrame(frame, 3);
      const found = readZstdFrame(marked, fail);
      expect(found).to.include({ contentBytes: 3, contentSizeBytes: 8 });
      expect(marked.subarray(-6)).to.deep.equal(frame.subarray(-6));
      expect(commandOutput(this, marked).toString()).to.equal('abc');
    }
  });

  it('changes nothing of a marked frame', () => {
    for (const frame of frames.map((some) => markFrame(some, 3))) {
      expect(markFrame(frame, 3)).to.deep.equal(frame);
    }
  });
});

describe('isOurFrame', () => {
  const isOurs = (hex: string) => {
    const frame = readZstdFrame(header(hex), fail);
    return frame !== undefined && isOurFrame(frame);
  };

  it('knows our frames by their content size of 8 bytes', () => {
    expect(isOurs('e40100000000000000')).to.equal(true);
    expect(isOurs('c45801000000ff000000')).to.equal(false);
    // Without a checksum, and with other sizes.
    for (const other of ['e00100000000000000', 'a401000000', '2401', '0458']) {
      expect(isOurs(other), other).to.equal(false);
    }
  });
});
