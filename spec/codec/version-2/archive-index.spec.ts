import { expect } from 'chai';
import fc from 'fast-check';

import {
  type ArchiveIndex,
  decodeIndexBody,
  encodeIndexFrame,
  type IndexEntry,
} from '../../../lib/codec/version-2/archive-index.js';
import { headerCrc, readFrameHeader } from '../../../lib/codec/version-2/frame-header.js';
import { MAX_INDEX_ENTRIES } from '../../../lib/format/index-body.js';
import { HEADER_CRC_OFFSET, KIND_INDEX } from '../../../lib/format/version-2.js';
import { damageOf } from '../../support/decode-archive.js';
import { WRITER_ID } from '../../support/encode-archive.js';

const entries: readonly IndexEntry[] = [
  { offset: 0, records: 3, sequence: 10, earliestMicros: -5, latestMicros: 900 },
  { offset: 200, records: 1, sequence: 13, earliestMicros: 7, latestMicros: 7 },
];

const index: ArchiveIndex = {
  archiveBytes: 300,
  sha256: Buffer.alloc(32, 0xaa),
  records: 4,
  ordinal: 2 ** 40,
  previousSha256: Buffer.alloc(32, 0xbb),
  writerEnded: true,
  hasMetadataIndex: false,
  entries,
};

function bodyOf(some: ArchiveIndex): Buffer {
  return encodeIndexFrame(some, WRITER_ID, 14).subarray(64);
}

function damageIn(body: Buffer) {
  try {
    return expect.fail(`decoded ${JSON.stringify(decodeIndexBody(body, 1000, 'a.events'))}`);
  } catch (error) {
    return damageOf(error);
  }
}

/** Undefined if it is unknown. */
const anyOrdinal = fc.option(fc.maxSafeNat(), { nil: undefined });

/** Consecutive entries. */
const anyEntries = fc
  .array(
    fc.record({
      bytes: fc.integer({ min: 65, max: 2 ** 30 }),
      records: fc.nat(),
      sequence: fc.maxSafeNat(),
      times: fc.tuple(fc.maxSafeInteger(), fc.maxSafeInteger()),
    }),
    { maxLength: 20 },
  )
  .map((runs) => {
    let offset = 0;
    return runs.map(({ bytes, records, sequence, times }): IndexEntry => {
      const [earliestMicros, latestMicros] = [Math.min(...times), Math.max(...times)];
      const entry = { offset, records, sequence, earliestMicros, latestMicros };
      offset += bytes;
      return entry;
    });
  });

describe('encodeIndexFrame', () => {
  const frame = encodeIndexFrame(index, WRITER_ID, 14);

  it('makes a frame whose header has the span of the entries', () => {
    expect(readFrameHeader(frame)).to.deep.include({
      kind: KIND_INDEX,
      records: 0,
      sequence: 14,
      earliestMicros: -5,
      latestMicros: 900,
      writer: WRITER_ID.toString('hex'),
      storedBytes: 100 + 2 * 40,
    });
    expect(frame.readUInt32LE(HEADER_CRC_OFFSET)).to.equal(headerCrc(frame));
  });

  it('has the layout of docs/format.md', () => {
    const body = frame.subarray(64);
    expect(body.readBigUInt64LE(0)).to.equal(300n);
    expect(body.toString('hex', 8, 40)).to.equal('aa'.repeat(32));
    expect(body.readBigUInt64LE(40)).to.equal(4n);
    expect(body.readBigUInt64LE(48)).to.equal(2n ** 40n);
    expect(body.toString('hex', 56, 88)).to.equal('bb'.repeat(32));
    expect([body.readUInt32LE(88), body.readUInt32LE(92)]).to.deep.equal([1, 2]);
    const numbers = Array.from({ length: 10 }, (_, i) => Number(body.readBigInt64LE(96 + 8 * i)));
    expect(numbers).to.deep.equal([0, 3, 10, -5, 900, 200, 1, 13, 7, 7]);
    expect(body.length).to.equal(96 + 80 + 4);
  });

  it('ends with the length of the frame', () => {
    expect(frame.readUInt32LE(frame.length - 4)).to.equal(frame.length);
  });

  it('has times of 0 without entries', () => {
    const empty = encodeIndexFrame({ ...index, records: 0, entries: [] }, WRITER_ID, 0);
    expect(readFrameHeader(empty)).to.include({ earliestMicros: 0, latestMicros: 0 });
  });

  it('accepts as many entries as allowed', () => {
    const many = Array.from({ length: MAX_INDEX_ENTRIES }, (_, offset) => ({
      ...{ offset, records: 1, sequence: offset },
      ...{ earliestMicros: offset, latestMicros: offset },
    }));
    const archiveBytes = MAX_INDEX_ENTRIES;
    const full = { ...index, archiveBytes, records: MAX_INDEX_ENTRIES, entries: many };
    const decoded = decodeIndexBody(bodyOf(full), 0);
    expect(decoded.entries).to.have.length(MAX_INDEX_ENTRIES);
    expect(decoded.entries.at(-1)).to.deep.equal(many.at(-1));
  });
});

describe('decodeIndexBody', () => {
  it('decodes an encoded index', () => {
    expect(decodeIndexBody(bodyOf(index), 0)).to.deep.equal(index);
  });

  it('decodes any encoded index', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(anyEntries, hash, hash, anyOrdinal, fc.boolean(), (some, a, b, n, ended) => {
        const any = {
          archiveBytes: (some.at(-1)?.offset ?? 0) + 1,
          sha256: a,
          records: some.reduce((sum, entry) => sum + entry.records, 0),
          ordinal: n,
          previousSha256: b,
          writerEnded: ended,
          hasMetadataIndex: !ended,
          entries: some,
        };
        expect(decodeIndexBody(bodyOf(any), 0)).to.deep.equal(any);
      }),
    );
  });

  it('has no ordinal if the flag marks it as unknown', () => {
    const body = Buffer.from(bodyOf({ ...index, ordinal: undefined }));
    expect(body.readBigUInt64LE(48)).to.equal(0n);
    expect(body.readUInt32LE(88)).to.equal(3);
    body.writeBigUInt64LE(7n, 48);
    expect(decodeIndexBody(body, 0).ordinal).to.equal(undefined);
  });

  it('keeps its SHA-256 when the body is overwritten', () => {
    const body = Buffer.from(bodyOf(index));
    const decoded = decodeIndexBody(body, 0);
    body.fill(0);
    expect(decoded).to.deep.equal(index);
  });

  it('ignores unknown flags', () => {
    const body = Buffer.from(bodyOf({ ...index, writerEnded: false }));
    body.writeUInt32LE(0xfffffffc, 88);
    expect(decodeIndexBody(body, 0).writerEnded).to.equal(false);
  });

  const forged: ReadonlyArray<readonly [what: string, change: (body: Buffer) => Buffer | number]> =
    [
      ['is empty', () => Buffer.alloc(0)],
      ['is a byte short of the fixed fields', (body) => body.subarray(0, 99)],
      ['lacks its last entry', (body) => body.subarray(0, body.length - 40)],
      ['has more bytes after it', (body) => Buffer.concat([body, Buffer.of(0)])],
      ['has 2^32 - 1 entries', (body) => body.writeUInt32LE(0xffffffff, 92)],
      ['has fewer entries than bytes for them', (body) => body.writeUInt32LE(1, 92)],
      ['has more entries than bytes for them', (body) => body.writeUInt32LE(3, 92)],
      ['has another frame length', (body) => body.writeUInt32LE(0xffffffff, body.length - 4)],
      ['covers 2^53 bytes', (body) => body.writeBigUInt64LE(2n ** 53n, 0)],
      ['counts 2^53 records', (body) => body.writeBigUInt64LE(2n ** 53n, 40)],
      ['counts another number of records than its entries', (body) => body.writeUInt32LE(5, 40)],
      ['has an ordinal of 2^53', (body) => body.writeBigUInt64LE(2n ** 53n, 48)],
      ['has an offset of 2^64 - 1', (body) => body.writeBigUInt64LE(2n ** 64n - 1n, 96)],
      ['has an offset past the archive', (body) => body.writeBigUInt64LE(300n, 136)],
      ['has an offset twice', (body) => body.writeBigUInt64LE(0n, 136)],
      ['has offsets out of order', (body) => body.writeBigUInt64LE(250n, 96)],
      ['has a sequence of 2^53', (body) => body.writeBigUInt64LE(2n ** 53n, 112)],
      ['has an earliest time of -2^53', (body) => body.writeBigInt64LE(-(2n ** 53n), 120)],
      ['has a latest time of 2^53', (body) => body.writeBigInt64LE(2n ** 53n, 128)],
      ['has an earliest time after the latest', (body) => body.writeBigInt64LE(901n, 120)],
    ];
  for (const [what, change] of forged) {
    it(`reports an index that ${what} as damage`, () => {
      const body = Buffer.from(bodyOf(index));
      const changed = change(body);
      const error = damageIn(typeof changed === 'number' ? body : changed);
      expect(error).to.include({ reason: 'bad-body', archive: 'a.events' });
      expect(error.offset).to.be.within(1064, 1064 + body.length);
    });
  }

  it('reports an index with more entries than allowed as damage', () => {
    const count = MAX_INDEX_ENTRIES + 1;
    const body = Buffer.alloc(100 + 40 * count);
    body.writeUInt32LE(count, 92);
    body.writeUInt32LE(64 + body.length, body.length - 4);
    expect(damageIn(body).offset).to.equal(1064 + 92);
  });

  it('decodes any bytes or reports damage', () => {
    fc.assert(
      fc.property(fc.nat(179), fc.nat(255), (at, value) => {
        const body = Buffer.from(bodyOf(index));
        body.writeUInt8(value, at);
        try {
          const { entries: read, records } = decodeIndexBody(body, 0);
          expect(read.reduce((sum, entry) => sum + entry.records, 0)).to.equal(records);
        } catch (error) {
          damageOf(error);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
