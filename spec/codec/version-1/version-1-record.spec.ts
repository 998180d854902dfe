import { expect } from 'chai';

import type { DamageReason } from '../../../lib/errors/damage-error.js';
import { decodeArchive, decodeChunks, decodeDamaged } from '../../support/decode-archive.js';

/** A version-1 frame of int32 lengths, text, and bytes. */
function forge(
  header: readonly number[],
  ...parts: ReadonlyArray<number | string | Buffer>
): Buffer {
  const opening = Buffer.from('847886690100', 'hex');
  return Buffer.concat([opening, ...[...header, ...parts].map(bytesOf)]);
}

function bytesOf(part: number | string | Buffer): Buffer {
  if (typeof part !== 'number') return Buffer.from(part);
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(part);
  return bytes;
}

/** count, lengths of key and value, key, value: 15 bytes; payload length and payload: 6 bytes */
const GOOD = forge([15, 6, 0], 4, 1, 2, 'a', 'bc', 2, 'hi');

const damaged: ReadonlyArray<
  readonly [what: string, frame: Buffer, reason: DamageReason, at: number]
> = [
  [
    'a header that does not end in 0',
    forge([15, 6, 1], 4, 1, 2, 'a', 'bc', 2, 'hi'),
    'bad-header',
    14,
  ],
  ['negative metadataBytes', forge([-1, 6, 0], Buffer.alloc(40)), 'bad-length', 6],
  ['metadataBytes without room for a count', forge([3, 6, 0], Buffer.alloc(40)), 'bad-length', 6],
  ['negative payloadBlockBytes', forge([4, -2147483648, 0], Buffer.alloc(40)), 'bad-length', 10],
  ['a payload block without a length', forge([4, 0, 0], 0, 0), 'bad-length', 10],
  ['2 GiB of metadata', forge([2147483647, 4, 0], 0, 0), 'too-large', 6],
  ['2 GiB of payload', forge([4, 2147483647, 0], 0, 0), 'too-large', 6],
  ['a negative count', forge([4, 4, 0], -4, 0), 'bad-length', 18],
  [
    'a count that is not 4 times the pairs',
    forge([15, 6, 0], 3, 1, 2, 'a', 'bc', 2, 'hi'),
    'bad-length',
    18,
  ],
  ['more pairs than metadata', forge([15, 6, 0], 8, 1, 2, 'a', 'bc', 2, 'hi'), 'bad-length', 18],
  [
    '2^31 - 4 for a count',
    forge([15, 6, 0], 2147483644, 1, 2, 'a', 'bc', 2, 'hi'),
    'bad-length',
    18,
  ],
  ['a negative key length', forge([15, 6, 0], 4, -1, 4, 'a', 'bc', 2, 'hi'), 'bad-length', 22],
  [
    'a key past the end of the metadata',
    forge([15, 6, 0], 4, 4, 2, 'a', 'bc', 2, 'hi'),
    'bad-length',
    22,
  ],
  ['a negative value length', forge([15, 6, 0], 4, 1, -2, 'a', 'bc', 2, 'hi'), 'bad-length', 26],
  [
    'a value past the end of the metadata',
    forge([15, 6, 0], 4, 1, 3, 'a', 'bc', 2, 'hi'),
    'bad-length',
    26,
  ],
  ['bytes after the last value', forge([15, 6, 0], 4, 1, 1, 'a', 'bc', 2, 'hi'), 'bad-length', 32],
  ['bytes after no pairs', forge([5, 4, 0], 0, 'x', 0), 'bad-length', 22],
  ['a negative payload length', forge([4, 4, 0], 0, -1), 'bad-length', 22],
  ['a payload shorter than its block', forge([4, 6, 0], 0, 1, 'hi'), 'bad-length', 22],
  ['a payload longer than its block', forge([4, 6, 0], 0, 3, 'hi'), 'bad-length', 22],
];

describe('version-1 records', () => {
  it('are read as they were written', () => {
    const [record] = decodeArchive(GOOD);
    expect({ ...record?.metadata }).to.deep.equal({ a: 'bc' });
    expect(record?.text()).to.equal('hi');
    expect(record?.copy().metadata).to.deep.equal(record?.metadata);
  });

  it('may be without metadata and payload', () => {
    const [record] = decodeArchive(forge([4, 4, 0], 0, 0));
    expect(record?.rawMetadata()).to.deep.equal([]);
    expect(record?.payload).to.have.length(0);
  });

  it('may have a key twice: the last value counts, and rawMetadata has both', () => {
    const frame = forge([24, 4, 0], 8, 1, 1, 1, 1, 'axay', 0);
    const [record] = decodeArchive(frame);
    expect({ ...record?.metadata }).to.deep.equal({ a: 'y' });
    expect(record?.rawMetadata().map(String)).to.deep.equal(['a,x', 'a,y']);
  });

  for (const [what, frame, reason, at] of damaged) {
    it(`are damaged with ${what}`, () => {
      const { records, error } = decodeDamaged(Buffer.concat([GOOD, frame, GOOD]));
      expect(records).to.have.length(1);
      expect(error).to.include({ reason, offset: GOOD.length + at });
      expect(error.message).to.include('damaged record');
    });
  }

  it('are refused by their header if they are larger than maxRecordBytes', () => {
    const options = { maxRecordBytes: 21 };
    expect(decodeArchive(GOOD, options)).to.have.length(1);
    const header = forge([16, 6, 0]);
    expect(decodeChunks([header], options).error).to.include({ reason: 'too-large', offset: 6 });
  });

  it('are awaited without allocating the claimed memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    const { error } = decodeDamaged(forge([4, 60_000_000, 0], 0));
    expect(error.reason).to.equal('torn');
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(2 ** 20);
  });
});
