import { crc32 } from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';

import { readFileEnd } from '../../../../lib/codec/compression/members/file-end.js';
import type { MemberEntry } from '../../../../lib/codec/compression/members/member-entry.js';
import { decodeMemberIndex } from '../../../../lib/codec/compression/members/member-index.js';
import { zstdFormat } from '../../../../lib/codec/compression/zstd/zstd-format.js';
import {
  encodeZstdEnd,
  encodeZstdIndex,
} from '../../../../lib/codec/compression/zstd/zstd-index.js';
import { DamageError } from '../../../../lib/errors/damage-error.js';
import { flipBit } from '../../../support/damaged-archive.js';
import { commandOutput } from '../../../support/zstd-tools.js';

function entryOf(i: number): MemberEntry {
  return {
    ...{ memberBytes: 100 + i, rawBytes: 1000 + i, records: 2, beginsWhole: true, isTimed: true },
    ...{ sequence: 2 * i, earliestMicros: i, latestMicros: i + 1 },
  };
}

const sum = (entries: readonly MemberEntry[], key: 'memberBytes' | 'rawBytes' | 'records') =>
  entries.reduce((so, entry) => so + entry[key], 0);

/** The index frame of a file with these entries, and what its end states. */
function frameOf(entries: readonly MemberEntry[]) {
  const index = encodeZstdIndex(entries);
  const totals = {
    indexBytes: index.length,
    dataBytes: sum(entries, 'memberBytes'),
    rawBytes: sum(entries, 'rawBytes'),
    records: sum(entries, 'records'),
    recordsAreExact: true,
    writer: '0123456789abcdef',
  };
  return { frame: Buffer.concat([index, encodeZstdEnd(totals)]), totals };
}

/** Decodes the end, and then the index, as a reader does. */
function decode(frame: Buffer, dataBytes: number): readonly MemberEntry[] | string {
  const fileBytes = dataBytes + frame.length;
  const end = readFileEnd(zstdFormat, { head: Buffer.alloc(0), tail: frame, fileBytes }, 'a.zst');
  if (end.kind === 'damaged') return end.error.message;
  if (end.kind === 'plain') return 'plain';
  try {
    const suffix = frame.subarray(-end.suffixBytes);
    return decodeMemberIndex(zstdFormat, { suffix, totals: end.totals, fileBytes }, 'a.zst');
  } catch (error) {
    if (error instanceof DamageError) return error.message;
    throw error;
  }
}

describe('the index frame of a zstd file', () => {
  const { frame, totals } = frameOf([entryOf(0), entryOf(1)]);

  it('is a skippable frame that the zstd command decompresses to nothing', function () {
    expect(frame.readUInt32LE(4)).to.equal(frame.length - 8);
    expect(commandOutput(this, frame)).to.have.length(0);
  });

  it('gives where each frame begins', () => {
    expect(decode(frame, totals.dataBytes)).to.deep.equal([
      { ...entryOf(0), offset: 0, rawOffset: 0 },
      { ...entryOf(1), offset: 100, rawOffset: 1000 },
    ]);
  });

  it('may have no entry, and many', () => {
    const empty = frameOf([]);
    expect(empty.frame).to.have.length(24 + 56);
    expect(decode(empty.frame, 0)).to.deep.equal([]);
    const full = frameOf(Array.from({ length: 5000 }, (_, i) => entryOf(i)));
    expect(decode(full.frame, full.totals.dataBytes).length).to.equal(5000);
  });

  it('is refused if any bit of it is flipped', () => {
    for (let bit = 0; bit < 8 * frame.length; bit++) {
      const found = decode(flipBit(frame, bit), totals.dataBytes);
      expect(found, `bit ${bit}`).to.match(/^(damaged zstd index at byte \d+ of a\.zst|plain)/);
    }
  });

  it('is refused if it does not add up, although its checksums are good', () => {
    const forged = Buffer.from(frame);
    forged.writeBigUInt64LE(7n, 20 + 16);
    forged.writeUInt32LE(crc32(forged.subarray(8, 124)), 124);
    expect(decode(forged, totals.dataBytes)).to.match(
      /add up to 201, 2001, 4, found 201, 2001, 9$/,
    );
  });

  it('is missing in any other file', () => {
    const ends = (bytes: Buffer) =>
      readFileEnd(zstdFormat, { head: bytes, tail: bytes, fileBytes: bytes.length }).kind;
    const foreign = Buffer.from('28b52ffd2003190000616263', 'hex');
    expect(ends(foreign)).to.equal('plain');
    expect(ends(Buffer.concat([foreign, frame]))).to.equal('damaged');
    expect(ends(Buffer.alloc(0))).to.equal('plain');
    // The file of an empty archive has nothing but its index.
    expect(ends(frameOf([]).frame)).to.equal('seekable');
    expect(ends(frameOf([]).frame.subarray(0, -1))).to.equal('damaged');
  });

  it('is decoded or refused, whatever the bytes', () => {
    const anyFile = fc
      .tuple(fc.nat(frame.length), fc.uint8Array({ maxLength: 100 }), fc.nat(60))
      .map(([kept, bytes, last]) =>
        Buffer.concat([frame.subarray(0, kept), bytes, frame.subarray(frame.length - last)]),
      );
    fc.assert(fc.property(anyFile, (bytes) => void decode(bytes, 0)));
  });
});
