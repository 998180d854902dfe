import { crc32 } from 'node:zlib';

import { expect } from 'chai';

import { noteCrc32 } from '../../../lib/codec/bytes/known-crc32.js';
import { FrameScanner } from '../../../lib/codec/frames/frame-scanner.js';
import { isProven } from '../../../lib/codec/frames/proven-frames.js';
import type { SkippedDamage } from '../../../lib/codec/frames/skipped-damage.js';
import { sampleVersion1, sampleVersion2, sealArchive } from '../../support/damaged-archive.js';
import { encodeBlocks } from '../../support/encode-archive.js';

const BLOCKS = ['first', 'second', 'third'].map((payload, sequence) =>
  encodeBlocks([payload], { sequence }),
);
const [FIRST_BYTES = 0, SECOND_BYTES = 0] = BLOCKS.map(({ length }) => length);

/** The blocks, with one bit of the second one's body flipped. */
function damaged(): Buffer {
  const bytes = Buffer.concat(BLOCKS);
  const at = bytes.indexOf('second');
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
}

/** A chunk whose CRC-32 was compared, by default with its true one. */
function compared(bytes: Uint8Array, crc = crc32(bytes)): Buffer {
  const chunk = Buffer.from(bytes);
  noteCrc32(chunk, crc);
  return chunk;
}

/** Where the frames begin that a scanner finds, and the damage. */
function scan(...chunks: readonly Buffer[]): { offsets: number[]; damage: SkippedDamage[] } {
  const offsets: number[] = [];
  const damage: SkippedDamage[] = [];
  const scanner = new FrameScanner({
    whenDamaged: 'skip',
    onDamage: (skipped) => damage.push(skipped),
  });
  const takeAll = () => {
    for (let frame = scanner.next(); frame !== null; frame = scanner.next()) {
      offsets.push(frame.offset);
    }
  };
  for (const chunk of chunks) {
    scanner.push(chunk);
    takeAll();
  }
  scanner.end();
  takeAll();
  return { offsets, damage };
}

const ALL = [0, FIRST_BYTES, FIRST_BYTES + SECOND_BYTES];
const WITHOUT_SECOND = [0, FIRST_BYTES + SECOND_BYTES];

describe('isProven', () => {
  it('holds for whole frames of version 2, an index too, whose checksum was compared', () => {
    expect(isProven(compared(Buffer.concat(BLOCKS)))).to.equal(true);
    expect(isProven(compared(sampleVersion2().bytes))).to.equal(true);
    expect(isProven(compared(sealArchive([[{ payload: 'sealed' }]]).bytes))).to.equal(true);
  });

  it('holds for nothing else', () => {
    const whole = Buffer.concat(BLOCKS);
    expect(isProven(Buffer.from(whole))).to.equal(false);
    expect(isProven(compared(whole).subarray(0))).to.equal(false);
    expect(isProven(compared(damaged()))).to.equal(false);
    expect(isProven(compared(sampleVersion1([{ payload: 'a' }]).bytes))).to.equal(false);
    for (let bytes = 0; bytes < whole.length; bytes++) {
      const isWhole = [0, ...ALL].includes(bytes);
      expect(isProven(compared(whole.subarray(0, bytes))), `${bytes}`).to.equal(isWhole);
    }
  });
});

describe('FrameScanner, given chunks whose checksum was compared', () => {
  it('loses only the block that was damaged before it was compressed', () => {
    const { offsets, damage } = scan(compared(damaged()));
    expect(offsets).to.deep.equal(WITHOUT_SECOND);
    expect(damage.map(({ reason, begin }) => [reason, begin])).to.deep.equal([
      ['bad-checksum', FIRST_BYTES],
    ]);
  });

  it('does not compute the checksums of proven bodies', () => {
    const wrong = compared(damaged(), crc32(Buffer.concat(BLOCKS)));
    expect(scan(wrong)).to.deep.equal({ offsets: ALL, damage: [] });
  });

  it('checks the bodies of later chunks that are not proven', () => {
    const whole = compared(Buffer.concat(BLOCKS));
    const { offsets, damage } = scan(whole, damaged());
    expect(offsets).to.have.length(5);
    expect(damage.map(({ reason, begin }) => [reason, begin])).to.deep.equal([
      ['bad-checksum', whole.length + FIRST_BYTES],
    ]);
  });

  it('checks a frame that begins in one chunk and ends in the next', () => {
    const bytes = damaged();
    const at = FIRST_BYTES + 10;
    const { offsets } = scan(compared(bytes.subarray(0, at)), compared(bytes.subarray(at)));
    expect(offsets).to.deep.equal(WITHOUT_SECOND);
  });
});
