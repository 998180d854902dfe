import { crc32, gzipSync } from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';

import { gzipFormat } from '../../../../lib/codec/compression/gzip/gzip-format.js';
import { type FileEnd, readFileEnd } from '../../../../lib/codec/compression/members/file-end.js';
import { flipBit } from '../../../support/damaged-archive.js';
import { encodeJsonLines } from '../../../support/encode-archive.js';
import { compressAll, membersOf, sampleBlocks } from '../../../support/gzip-tools.js';

/** Reads a file like a reader that fetches its first 64 bytes and its last 4 KiB. */
function endOf(gzip: Buffer, tailBytes = 4096): FileEnd {
  const tail = gzip.subarray(Math.max(gzip.length - tailBytes, 0));
  return readFileEnd(
    gzipFormat,
    { head: gzip.subarray(0, 64), tail, fileBytes: gzip.length },
    'a.gz',
  );
}

function damageIn(gzip: Buffer) {
  const end = endOf(gzip);
  if (end.kind !== 'damaged') throw new Error(`it is ${end.kind}`);
  return end.error;
}

/** A file with a changed last member that has a good checksum. */
function forgeEnd(gzip: Buffer, change: (member: Buffer) => void): Buffer {
  const forged = Buffer.from(gzip);
  const member = forged.subarray(forged.length - 78);
  change(member);
  member.writeUInt32LE(crc32(member.subarray(16, 64)), 64);
  return forged;
}

describe('readFileEnd', () => {
  let blocks: Buffer;
  let gzip: Buffer;

  before(async () => {
    blocks = sampleBlocks();
    gzip = await compressAll(blocks, { memberBytes: 4096 });
  });

  it('reads the totals of the last member', () => {
    const members = membersOf(gzip);
    const index = members.filter(({ kind }) => kind === 2);
    const indexBytes = index.reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(endOf(gzip)).to.deep.equal({
      kind: 'seekable',
      totals: {
        indexBytes,
        dataBytes: gzip.length - indexBytes - 78,
        rawBytes: blocks.length,
        records: 300,
        recordsAreExact: true,
        writer: '5ca1ab1e0ddba115',
      },
      suffixBytes: indexBytes + 78,
    });
  });

  it('needs only the last member', () => {
    expect(endOf(gzip, 78)).to.deep.equal(endOf(gzip));
  });

  it("recognises another program's gzip", () => {
    const others = [
      gzipSync(blocks),
      Buffer.concat([gzipSync('a'), gzipSync('b')]),
      Buffer.from('{"no":"gzip"}'),
      Buffer.alloc(0),
      Buffer.concat([gzip, gzipSync('b')]).subarray(gzip.length),
    ];
    for (const other of others) expect(endOf(other).kind).to.equal('plain');
  });

  it("treats a later version of ours like another program's gzip", () => {
    const later = Buffer.from(gzip);
    for (const { offset } of membersOf(gzip)) later.writeUInt8(2, offset + 16);
    expect(endOf(later).kind).to.equal('plain');
  });

  it("reads the end of a file whose first member is another program's", () => {
    expect(endOf(Buffer.concat([gzipSync('a'), gzip])).kind).to.equal('seekable');
  });

  it('reports that the last member is missing', () => {
    const error = damageIn(gzip.subarray(0, gzip.length - 78));
    expect(error).to.include({ reason: 'bad-gzip', archive: 'a.gz', offset: gzip.length - 78 });
    expect(error.message).to.equal(
      `damaged gzip index at byte ${gzip.length - 78} of a.gz: expected the last member of a ` +
        'seekable gzip, found the end of the file',
    );
  });

  it('reports a file that was cut off at any byte', async () => {
    const small = await compressAll(encodeJsonLines([{ payload: '{"a":1}' }, { payload: '2' }]));
    expect(endOf(small).kind).to.equal('seekable');
    for (let length = 0; length < small.length; length++) {
      // A cut before its 20th byte hides that the file is ours. A reader of the stream reports it
      // as torn.
      const expected = length < 20 ? 'plain' : 'damaged';
      expect(endOf(small.subarray(0, length)).kind, `${length} bytes`).to.equal(expected);
    }
  });

  it('reports bytes after the last member as damage', () => {
    for (const after of [Buffer.of(0), gzipSync('x'), Buffer.alloc(100)]) {
      expect(endOf(Buffer.concat([gzip, after])).kind).to.equal('damaged');
    }
  });

  it('detects every bit that is flipped in the last member', () => {
    const start = (gzip.length - 78) * 8;
    for (let bit = start; bit < gzip.length * 8; bit++) {
      expect(endOf(flipBit(gzip, bit)).kind, `bit ${bit - start}`).to.equal('damaged');
    }
  });

  const forged: ReadonlyArray<readonly [what: string, at: number, value: bigint]> = [
    ['an index that begins before the file', 24, 2n ** 40n],
    ['an index of more than the largest size', 24, 2n ** 52n],
    ['an index of less than the smallest size', 24, 41n],
    ['more data than there is', 32, 2n ** 40n],
    ['a size beyond 53 bits', 40, 2n ** 53n],
    ['records beyond 53 bits', 48, 2n ** 64n - 1n],
  ];
  for (const [what, at, value] of forged) {
    it(`refuses ${what}, although the checksum is good`, () => {
      const bytes = forgeEnd(gzip, (member) => void member.writeBigUInt64LE(value, at));
      const error = damageIn(bytes);
      expect(error).to.include({ reason: 'bad-gzip', offset: gzip.length - 78 + at });
      expect(error.expected).to.match(/^a number from \d+ to \d+$/);
    });
  }

  it('ignores unknown flags', () => {
    const bytes = forgeEnd(gzip, (member) => void member.writeUInt32LE(0xfffffffb, 20));
    expect(endOf(bytes)).to.deep.equal(endOf(gzip));
  });

  it('classifies any bytes', () => {
    const anyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    const anyFile = fc.oneof(
      anyBytes,
      fc.tuple(fc.nat(78), anyBytes).map(([kept, bytes]) => {
        return Buffer.concat([bytes, gzip.subarray(gzip.length - kept)]);
      }),
      fc.tuple(fc.nat(78), anyBytes).map(([kept, bytes]) => {
        return Buffer.concat([gzip.subarray(0, kept), bytes]);
      }),
    );
    fc.assert(
      fc.property(anyFile, (bytes) => {
        expect(endOf(bytes).kind).to.be.oneOf(['seekable', 'damaged', 'plain']);
      }),
    );
  });
});
