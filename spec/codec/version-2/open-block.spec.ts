import { expect } from 'chai';
import fc from 'fast-check';

import { DamageError } from '../../../lib/errors/damage-error.js';
import { anyText } from '../../support/arbitrary-record.js';
import { decodeArchive, decodeDamaged } from '../../support/decode-archive.js';
import { encodeBlocks } from '../../support/encode-archive.js';
import {
  type ForgedHeader,
  forgeBody,
  forgeCounted,
  forgeFrame,
  forgeKeyTable,
  forgeRecord,
  forgeVarint,
  forgeZigzag,
} from '../../support/forge-frame.js';

const NONE = Buffer.alloc(0);
const GOOD = forgeRecord('good');
const TABLE = forgeKeyTable('a', 'b');

/** Invalid bodies of blocks, to be given good checksums. */
const forged: ReadonlyArray<readonly [what: string, body: Buffer, header?: ForgedHeader]> = [
  ['is empty', NONE],
  ['has no room for a key table', Buffer.alloc(4)],
  ['has its key table start past the body', forgeBody(GOOD, TABLE, 0xffffffff)],
  ['has its key table start at its own end', forgeBody(GOOD, TABLE, GOOD.length + TABLE.length)],
  ['has its key table start before the records end', forgeBody(GOOD, TABLE, GOOD.length - 1)],
  ['has bytes between the records and the key table', forgeBody(GOOD, TABLE, GOOD.length + 1)],
  ['has fewer records than its header says', forgeBody(GOOD), { records: 2 }],
  ['has 2^32 - 1 records by its header', forgeBody(GOOD), { records: 0xffffffff }],
  ['has more records than its header says', forgeBody(Buffer.concat([GOOD, GOOD]))],
  ['has no records', forgeBody(NONE)],
  ['has bytes after the key table', forgeBody(GOOD, Buffer.concat([TABLE, Buffer.of(0)]))],
  ['has fewer keys than its table says', forgeBody(GOOD, Buffer.of(2, 1, 0x61))],
  ['has 2^53 - 1 keys', forgeBody(GOOD, forgeVarint(Number.MAX_SAFE_INTEGER))],
  ['has more keys than bytes are left', forgeBody(GOOD, forgeVarint(100_000_000))],
  ['has a torn number of keys', forgeBody(GOOD, Buffer.of(0x80))],
  ['has a number of keys that is not minimal', forgeBody(GOOD, Buffer.of(0x80, 0x00))],
  ['has a key past the table', forgeBody(GOOD, Buffer.of(1, 5, 0x61))],
  ['has a key of 2^53 - 1 bytes', forgeBody(GOOD, withVarint(Buffer.of(1), 2n ** 53n - 1n))],
  ['has a record past the records', forgeBody(Buffer.of(5, 0, 0, 0x70))],
  ['has a record of 2^53 - 1 bytes', forgeBody(withVarint(NONE, 2n ** 53n - 1n))],
  ['has a record of 2^53 bytes', forgeBody(withVarint(NONE, 2n ** 53n))],
  ['has a record length of nine bytes', forgeBody(Buffer.from('848080808080808000000070', 'hex'))],
  ['has a record length that is not minimal', forgeBody(Buffer.from('8300000070', 'hex'))],
  ['has a record of no bytes', forgeBody(Buffer.of(0))],
  ['has a record with a time alone', forgeBody(forgeCounted(Buffer.of(0)))],
  ['has a torn time', forgeBody(forgeCounted(Buffer.of(0x80)))],
  ['has a time that reaches into the next record', forgeBody(Buffer.of(1, 0x80, 1, 0))],
  ['has a time that is not minimal', forgeBody(forgeCounted(Buffer.of(0x80, 0x00, 0)))],
  ['has a time before the earliest', forgeBody(forgeRecord('p', NONE, -1))],
  ['has a time after the latest', forgeBody(forgeRecord('p', NONE, 1))],
  ['has a time of 2^53 µs', forgeBody(forgeRecord('p', NONE, 2n ** 53n)), extremeTimes()],
  [
    'has times that leave 53 bits',
    forgeBody(Buffer.concat(Array(3).fill(forgeRecord('p', NONE, 2n ** 53n - 1n)))),
    { ...extremeTimes(), records: 3 },
  ],
  ['has metadata past its record', forgeBody(forgeCounted(Buffer.of(0, 2, 0)), TABLE)],
  ['has metadata of 2^53 - 1 bytes', withMetadataBytes(2n ** 53n - 1n)],
  ['has metadataBytes that are not minimal', forgeBody(forgeCounted(Buffer.of(0, 0x80, 0)))],
  ['has a key index out of range', forgeBody(forgeRecord('p', Buffer.of(2, 0)), TABLE)],
  ['has a key index without keys', forgeBody(forgeRecord('p', Buffer.of(0, 0)))],
  ['has a key index of 2^53', withMetadata(forgeVarint(2n ** 53n))],
  ['has a torn key index', withMetadata(Buffer.of(0x80))],
  ['has a key index that is not minimal', withMetadata(Buffer.of(0x80, 0, 0))],
  ['has a key without a value', withMetadata(Buffer.of(0))],
  ['has a value past its metadata', withMetadata(Buffer.of(0, 3, 0x78))],
  ['has a value length that reaches into the payload', withMetadata(Buffer.of(0, 0x81))],
  ['has a value length that is not minimal', withMetadata(Buffer.of(0, 0x80, 0))],
  ['has a value of 2^53 - 1 bytes', withMetadata(withVarint(Buffer.of(0), 2n ** 53n - 1n))],
];

function withVarint(before: Buffer, value: bigint): Buffer {
  return Buffer.concat([before, forgeVarint(value), Buffer.alloc(9)]);
}

function withMetadata(metadata: Buffer): Buffer {
  return forgeBody(forgeRecord('payload', metadata), TABLE);
}

function withMetadataBytes(count: bigint): Buffer {
  return forgeBody(forgeCounted(forgeZigzag(0), forgeVarint(count), Buffer.from('payload')), TABLE);
}

function extremeTimes(): ForgedHeader {
  return { earliestMicros: -(2n ** 53n) + 1n, latestMicros: 2n ** 53n - 1n };
}

describe('openBlock', () => {
  it('opens a valid forged block', () => {
    const metadata = Buffer.from('0101780000', 'hex');
    const body = forgeBody(forgeRecord('p', metadata), TABLE);
    const [record] = decodeArchive(forgeFrame(body));
    expect({ ...record?.metadata }).to.deep.equal({ b: 'x', a: '' });
    expect(record?.text()).to.equal('p');
  });

  it('opens a key table with unused or repeated keys', () => {
    const body = forgeBody(forgeRecord('p', Buffer.of(1, 0)), forgeKeyTable('a', 'a', 'b'));
    expect({ ...decodeArchive(forgeFrame(body))[0]?.metadata }).to.deep.equal({ a: '' });
  });

  it('distinguishes blocks by their key tables, whichever it opened before', () => {
    const wide = Array.from({ length: 500 }, (_, i) => `${i}`.padStart(4, '0'));
    const tables = [['a', 'b'], ['b', 'a'], ['a', 'c'], ['ab'], wide, [...wide].reverse()];
    const record = forgeRecord('p', Buffer.of(0, 0));
    const frames = tables.map((keys) => forgeFrame(forgeBody(record, forgeKeyTable(...keys))));
    const records = decodeArchive(Buffer.concat([...frames, ...frames, ...frames]));
    const first = tables.map(([key]) => [key]);
    expect(records.map(({ metadata }) => Object.keys(metadata))).to.deep.equal(
      [first, first, first].flat(),
    );
  });

  it('shares metadata between records of different blocks', () => {
    const body = forgeBody(forgeRecord('p', Buffer.of(1, 0)), TABLE);
    const frame = forgeFrame(body);
    const metadata = decodeArchive(Buffer.concat([frame, frame, frame])).map(
      (record) => record.metadata,
    );
    expect(metadata[2]).to.equal(metadata[1]);
  });

  for (const [what, body, header] of forged) {
    it(`reports a block that ${what} as damage, although its checksums are good`, () => {
      const before = encodeBlocks(['before']);
      const archive = Buffer.concat([before, forgeFrame(body, header), encodeBlocks(['after'])]);
      const { records, error } = decodeDamaged(archive, { archive: 'a.events' });
      expect(error.reason).to.equal('bad-body');
      expect(error.archive).to.equal('a.events');
      expect(error.offset).to.be.within(before.length + 64, before.length + 64 + body.length);
      expect(records.map((record) => record.text())).to.deep.equal(['before']);
    });
  }

  it('returns no record of a block whose last record is damaged', () => {
    const body = forgeBody(Buffer.concat([GOOD, GOOD, Buffer.of(0)]));
    expect(decodeDamaged(forgeFrame(body, { records: 3 })).records).to.have.length(0);
  });

  it('refuses a record over maxRecordBytes by its length alone', () => {
    const record = forgeRecord('x'.repeat(100));
    const frame = forgeFrame(forgeBody(record));
    expect(decodeArchive(frame, { maxRecordBytes: 102 })).to.have.length(1);
    const { error } = decodeDamaged(frame, { maxRecordBytes: 101 });
    expect(error.reason).to.equal('too-large');
    expect(error.message).to.include('expected at most 101 bytes, found a record of 102');
  });

  it('opens any bytes with good checksums as records, or reports damage', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      anyText.map((payload) => forgeRecord(payload)),
    );
    const bodies = fc.array(piece, { maxLength: 3 }).map((pieces) => Buffer.concat(pieces));
    let opened = 0;
    fc.assert(
      fc.property(bodies, fc.nat(2), anyText, (bytes, records, key) => {
        const body = forgeBody(bytes, forgeKeyTable(key));
        const archive = forgeFrame(body, { records: records + 1, latestMicros: 100n });
        try {
          const read = decodeArchive(archive);
          expect(read).to.have.length(records + 1);
          for (const record of read) expect(record.copy().metadata).to.deep.equal(record.metadata);
          opened++;
        } catch (error) {
          if (!(error instanceof DamageError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
    expect(opened).to.be.above(0);
  });
});
