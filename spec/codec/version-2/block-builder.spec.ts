import { expect } from 'chai';
import fc from 'fast-check';

import { Slab } from '../../../lib/codec/bytes/slab.js';
import type { RecordInput } from '../../../lib/codec/records/record-input.js';
import type {
  BlockBuilder,
  BlockBuilderOptions,
  BlockFacts,
} from '../../../lib/codec/version-2/block-builder.js';
import { readFrameHeader, writeChecksums } from '../../../lib/codec/version-2/frame-header.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { LARGEST_BLOCK_BYTES } from '../../../lib/format/limits.js';
import { anyRecord, expectedOf } from '../../support/arbitrary-record.js';
import { decodeArchive, plain } from '../../support/decode-archive.js';
import {
  createBlockBuilder,
  encodeBlocks,
  NOW_MICROS,
  WRITER_ID,
} from '../../support/encode-archive.js';
import { forgeBody, forgeFrame, forgeKeyTable, forgeRecord } from '../../support/forge-frame.js';

const anyBlockBytes = fc.constantFrom(1, 100, 1000, 100_000);

/** Records that every encoder refuses, and the field that it names. */
const refused: ReadonlyArray<readonly [what: string, record: unknown, field: string]> = [
  [
    'a lone surrogate in a key',
    { metadata: { 'k\ud800': 'v' }, payload: '' },
    'metadata["k\\ud800"]',
  ],
  ['a lone surrogate in a value', { metadata: { k: '\udfff' }, payload: '' }, 'metadata["k"]'],
  ['a lone surrogate in the payload', { metadata: { n: 'v' }, payload: 'p\ud800' }, 'payload'],
  ['metadata that is not a string', { metadata: { n: 'v', k: 1 }, payload: '' }, 'metadata["k"]'],
  ['no payload', { metadata: { n: 'v' } }, 'payload'],
  ['a Map for a payload', { payload: new Map() }, 'payload'],
  ['an invalid time', { payload: '', time: Number.NaN }, 'time'],
  ['a payload over the limit', { metadata: { n: 'v' }, payload: 'x'.repeat(3000) }, 'payload'],
  ['metadata over the limit', { metadata: { n: 'v'.repeat(3000) }, payload: '' }, 'payload'],
  ['text over the limit as UTF-8', { metadata: { n: 'v' }, payload: '€'.repeat(900) }, 'payload'],
];

describe('BlockBuilder', () => {
  it('has the layout of docs/format.md', () => {
    const records = [
      { metadata: { kind: 'login', user: 'ann' }, payload: 'first', timeMicros: 1000 },
      { metadata: [['user', 'é']] as const, payload: Uint8Array.of(0x21), timeMicros: 900 },
      { payload: { n: 1 }, timeMicros: 5000 },
    ];
    const body = forgeBody(
      Buffer.concat([
        // relative to the earliest time, 900
        forgeRecord('first', Buffer.from('\u0000\u0005login\u0001\u0003ann'), 100),
        forgeRecord('!', Buffer.from('0102c3a9', 'hex'), -100),
        forgeRecord('{"n":1}', Buffer.alloc(0), 4100),
      ]),
      forgeKeyTable('kind', 'user'),
    );
    const times = { earliestMicros: 900n, latestMicros: 5000n };
    const header = { ...times, records: 3, sequence: 7n, writer: WRITER_ID.toString('hex') };
    const bytes = encodeBlocks(records, { sequence: 7 });
    expect(bytes.toString('hex')).to.equal(forgeFrame(body, header).toString('hex'));
  });

  it('writes any records that are read back unchanged, in as many blocks as needed', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 20 }), anyBlockBytes, (records, blockBytes) => {
        const read = decodeArchive(encodeBlocks(records, { blockBytes, sequence: 5 }));
        expect(read.map(plain)).to.deep.equal(
          records.map((record, i) => expectedOf(record, 5 + i)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('writes records that were read byte for byte', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 10 }), (records) => {
        const archive = encodeBlocks(records);
        expect(encodeBlocks(decodeArchive(archive)).equals(archive)).to.equal(true);
      }),
    );
  });

  it('returns the time of each record', () => {
    const builder = createBlockBuilder();
    expect(builder.add('now', 42)).to.equal(42);
    expect(builder.add({ payload: '', time: new Date(2) }, 42)).to.equal(2000);
  });

  it('has nothing before the first record', () => {
    const builder = createBlockBuilder();
    builder.finishBlock();
    expect([builder.pendingBytes, builder.isBlockOpen]).to.deep.equal([0, false]);
    expect(builder.take()).to.have.length(0);
  });

  it('ends a block when its body has blockBytes', () => {
    const blocks: BlockFacts[] = [];
    const builder = createBlockBuilder({ blockBytes: 200, onBlock: (block) => blocks.push(block) });
    for (let i = 0; i < 50; i++) builder.add('x'.repeat(50), NOW_MICROS + i);
    builder.finishBlock();
    expect(blocks.map((block) => block.records)).to.deep.equal([...Array(12).fill(4), 2]);
    for (const block of blocks) expect(block.bytes).to.be.within(64, 64 + 200 + 60);
  });

  it('calls onBlock with the facts of each block', () => {
    const blocks: BlockFacts[] = [];
    const builder = createBlockBuilder({ sequence: 9, onBlock: (block) => blocks.push(block) });
    for (const timeMicros of [50, -3, 20]) builder.add({ payload: 'p', timeMicros }, 0);
    builder.finishBlock();
    const bytes = builder.take();
    const times = { earliestMicros: -3, latestMicros: 50 };
    const facts = { records: 3, sequence: 9, ...times, flags: 0 };
    expect(blocks).to.have.length(1);
    expect(blocks[0]).to.include({ bytes: bytes.length, ...facts });
    expect(readFrameHeader(bytes)).to.include({ records: 3, sequence: 9, ...times });
    expect(builder.nextSequence).to.equal(12);
  });

  it('counts the records of an open block in nextSequence', () => {
    const builder = createBlockBuilder({ sequence: 5 });
    expect(builder.nextSequence).to.equal(5);
    builder.add('p', 0);
    expect(builder.nextSequence).to.equal(6);
    builder.finishBlock();
    expect(builder.nextSequence).to.equal(6);
  });

  it('counts pending bytes, including the keys of the open block', () => {
    const builder = createBlockBuilder();
    builder.add({ metadata: { key: 'value' }, payload: 'p' }, 0);
    // header, length, time, metadataBytes, index, length, value, payload; then length and key
    expect(builder.pendingBytes).to.equal(64 + 3 + 1 + 1 + 5 + 1 + 4);
    expect(builder.isBlockOpen).to.equal(true);
    builder.finishBlock();
    expect(builder.isBlockOpen).to.equal(false);
    expect(builder.pendingBytes).to.equal(builder.take().length);
  });

  it('writes each distinct key once per block', () => {
    const records = Array.from({ length: 9 }, (_, i) => ({
      metadata: { quiteALongKey: `${i}` },
      payload: '',
    }));
    const count = (bytes: Buffer) => bytes.toString('latin1').split('quiteALongKey').length - 1;
    expect(count(encodeBlocks(records))).to.equal(1);
    expect(count(encodeBlocks(records, { blockBytes: 1 }))).to.equal(9);
  });

  it('does not write to bytes that it returned', () => {
    const builder = createBlockBuilder();
    const slabs: Buffer[] = [];
    for (const payload of ['one', 'two', 'three']) {
      builder.add(payload, 0);
      builder.finishBlock();
      slabs.push(builder.take());
    }
    const read = decodeArchive(Buffer.concat(slabs));
    expect(read.map((record) => record.text())).to.deep.equal(['one', 'two', 'three']);
    expect(read.map((record) => record.sequence)).to.deep.equal([0, 1, 2]);
  });

  it('moves its blocks to a slab, without their checksums', () => {
    const records = ['one', 'two', 'three'];
    const builder = createBlockBuilder({ blockBytes: 1 });
    const slab = new Slab(0);
    for (const payload of records) {
      builder.add(payload, NOW_MICROS);
      builder.moveTo(slab);
      expect(builder.pendingBytes).to.equal(0);
    }
    const bytes = slab.take();
    expect(() => decodeArchive(bytes)).to.throw('checksum');
    writeChecksums(bytes);
    expect(bytes.equals(encodeBlocks(records, { blockBytes: 1 }))).to.equal(true);
  });

  it('forgets its bytes, and counts on', () => {
    const builder = createBlockBuilder({ blockBytes: 1 });
    builder.add('forgotten', NOW_MICROS);
    builder.clear();
    builder.add('kept', NOW_MICROS);
    const [record] = decodeArchive(builder.take());
    expect([record?.text(), record?.sequence]).to.deep.equal(['kept', 1]);
  });

  describe('times', () => {
    const extremes = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0, -1, 1];

    it('may be negative, decreasing and as far as ±(2^53 - 1)', () => {
      const records = extremes.map((timeMicros) => ({ payload: 'p', timeMicros }));
      const read = decodeArchive(encodeBlocks(records));
      expect(read.map((record) => record.timeMicros)).to.deep.equal(extremes);
    });

    it('end a block if they span more than a delta can hold', () => {
      const blocks: BlockFacts[] = [];
      const builder = createBlockBuilder({ onBlock: (block) => blocks.push(block) });
      for (const timeMicros of [0, Number.MAX_SAFE_INTEGER, -1, -2]) {
        builder.add({ payload: 'p', timeMicros }, 0);
      }
      builder.finishBlock();
      expect(blocks.map((block) => block.records)).to.deep.equal([2, 2]);
    });

    it('that are earlier move the first record to make room for its own', () => {
      for (const back of [1, 63, 64, 65, 8191, 8192, 2 ** 31, 2 ** 45]) {
        for (const length of [0, 120, 121, 122, 123, 124, 125, 126, 16_370, 16_380]) {
          const payload = 'x'.repeat(length);
          const records = [
            { metadata: { a: 'b' }, payload, timeMicros: NOW_MICROS },
            { payload: 'earlier', timeMicros: NOW_MICROS - back },
          ];
          const read = decodeArchive(encodeBlocks(records, { blockBytes: 100_000 }));
          expect(read.map(plain)).to.deep.equal(records.map(expectedOf));
        }
      }
    });
  });

  describe('lengths', () => {
    const lengths = [0, 1, 41, 42, 43, 47, 48, 49, 63, 64, 110, 127, 128, 129, 5461, 5462, 16_384];

    for (const letter of ['a', 'é', '€', '👟']) {
      it(`are minimal with text of ${JSON.stringify(letter)}, at every end of a group`, () => {
        const records = lengths.map((length) => {
          const text = letter.repeat(length);
          return { metadata: { [text]: text, other: text }, payload: text, timeMicros: 0 };
        });
        const read = decodeArchive(encodeBlocks(records, { blockBytes: 1_000_000 }));
        expect(read.map(plain)).to.deep.equal(records.map(expectedOf));
      });
    }

    it('of the key index are minimal with thousands of keys', () => {
      const metadata = new Map(Array.from({ length: 17_000 }, (_, i) => [`k${i}`, `${i}`]));
      const records = [{ metadata, payload: 'p' }];
      expect(decodeArchive(encodeBlocks(records)).map(plain)).to.deep.equal(
        records.map(expectedOf),
      );
    });
  });

  describe('of a record that it refuses', () => {
    for (const [what, record, field] of refused) {
      it(`for ${what} names the field, and continues as if it had not been added`, () => {
        const good = { metadata: { a: 'b' }, payload: 'good' };
        for (const before of [0, 1, 3]) {
          const builder = createBlockBuilder({ maxRecordBytes: 2048 });
          for (let i = 0; i < before; i++) builder.add(good, NOW_MICROS);
          const { pendingBytes, isBlockOpen, nextSequence } = builder;
          expect(() => builder.add(record as RecordInput, NOW_MICROS))
            .to.throw(RecordError)
            .with.property('field', field);
          expect(builder).to.include({ pendingBytes, isBlockOpen, nextSequence });
          builder.add(good, NOW_MICROS);
          builder.finishBlock();
          const expected = encodeBlocks(Array(before + 1).fill(good), { maxRecordBytes: 2048 });
          expect(builder.take().equals(expected)).to.equal(true);
        }
      });
    }

    it('writes no record even if its time has ended the block', () => {
      const builder = createBlockBuilder();
      builder.add({ payload: 'a', timeMicros: Number.MAX_SAFE_INTEGER }, 0);
      expect(() => builder.add({ payload: '\ud800', timeMicros: -1 }, 0)).to.throw(RecordError);
      builder.add({ payload: 'b', timeMicros: Number.MAX_SAFE_INTEGER }, 0);
      builder.finishBlock();
      const read = decodeArchive(builder.take());
      expect(read.map((record) => [record.text(), record.sequence])).to.deep.equal([
        ['a', 0],
        ['b', 1],
      ]);
    });
  });

  describe('maxRecordBytes', () => {
    /** The largest payload that it accepts with `metadata`. */
    function largestPayload(maxRecordBytes: number, metadata: Record<string, string>): number {
      let length = 0;
      for (;;) {
        const payload = 'x'.repeat(length + 1);
        try {
          createBlockBuilder({ maxRecordBytes }).add({ metadata, payload }, 0);
        } catch (error) {
          expect(error).to.be.instanceOf(RecordError);
          return length;
        }
        length++;
      }
    }

    it('counts payload, metadata with its keys, and a few bytes for the lengths', () => {
      expect(largestPayload(1000, {})).to.be.within(970, 1000);
      expect(largestPayload(1000, { key: 'x'.repeat(500) })).to.be.within(460, 500);
      expect(largestPayload(1000, { ['k'.repeat(500)]: '' })).to.be.within(460, 500);
    });

    it('refuses metadata before allocating memory for them', () => {
      const maxRecordBytes = 2 ** 20;
      const text = 'x'.repeat(maxRecordBytes - 1000);
      const metadata = new Map(Array.from({ length: 100 }, (_, i) => [`${i}`, text] as const));
      const builder = createBlockBuilder({ maxRecordBytes });
      const before = process.memoryUsage().arrayBuffers;
      expect(() => builder.add({ metadata, payload: '' }, 0)).to.throw(RecordError);
      expect(process.memoryUsage().arrayBuffers - before).to.be.below(8 * maxRecordBytes);
    });

    it('does not depend on the keys and times of earlier records', () => {
      const metadata = { key: 'value' };
      const payload = 'x'.repeat(largestPayload(1000, metadata));
      const builder = createBlockBuilder({ maxRecordBytes: 1000 });
      builder.add({ metadata, payload: '', timeMicros: -(2 ** 50) }, 0);
      expect(() => builder.add({ metadata, payload, timeMicros: 2 ** 50 }, 0)).to.not.throw();
      const longer = { metadata, payload: `${payload}x`, timeMicros: 2 ** 50 };
      expect(() => builder.add(longer, 0)).to.throw(RecordError, 'more than maxRecordBytes 1000');
    });

    it('holds for the first record of a block, even if an earlier one follows', () => {
      const maxRecordBytes = 1000;
      const payload = 'x'.repeat(largestPayload(maxRecordBytes, {}));
      const records = [
        { payload, timeMicros: Number.MAX_SAFE_INTEGER },
        { payload, timeMicros: 0 },
      ];
      const archive = encodeBlocks(records, { maxRecordBytes });
      expect(readFrameHeader(archive).records).to.equal(2);
      expect(decodeArchive(archive, { maxRecordBytes }).map(plain)).to.deep.equal(
        records.map(expectedOf),
      );
    });

    it("keeps the largest block with the largest record within the reader's limit", () => {
      const maxRecordBytes = 2 * 2 ** 20;
      // Short distinct keys make the largest key table for a record's size.
      const keys = Array.from({ length: 20_000 }, (_, i) => [i.toString(36), ''] as const);
      const metadata = new Map(keys);
      const options = { maxRecordBytes, blockBytes: LARGEST_BLOCK_BYTES, slabBytes: 2 ** 25 };
      const builder = createBlockBuilder(options);
      for (let i = 0; i < 15; i++) builder.add('x'.repeat(2 ** 20), 0);
      builder.add('x'.repeat(LARGEST_BLOCK_BYTES - builder.pendingBytes - 100), 0);
      fillUp(builder, options);
      addLargest(builder, metadata, maxRecordBytes);
      expect(builder.isBlockOpen).to.equal(false);
      expect(builder.take().length - 64).to.be.at.most(maxRecordBytes + LARGEST_BLOCK_BYTES);
    });

    /** Adds the smallest records, until one more would end the block. */
    function fillUp(builder: BlockBuilder, options: Partial<BlockBuilderOptions>): void {
      const other = createBlockBuilder({ ...options, maxRecordBytes: 2 ** 25 });
      // header, length (4 bytes), time, metadataBytes: fills the block as the first, with one
      // record
      other.add('x'.repeat(builder.pendingBytes - 64 - 4 - 1 - 1), 0);
      expect(other.pendingBytes).to.equal(builder.pendingBytes);
      for (;;) {
        other.add('', 0);
        if (!other.isBlockOpen) return;
        builder.add('', 0);
      }
    }

    /** Adds the largest record with this metadata that is accepted. */
    function addLargest(
      builder: BlockBuilder,
      metadata: ReadonlyMap<string, string>,
      maxRecordBytes: number,
    ): void {
      let [least, most] = [0, maxRecordBytes];
      const probe = (length: number) => {
        try {
          const options = { maxRecordBytes, slabBytes: 2 ** 23 };
          createBlockBuilder(options).add({ metadata, payload: 'x'.repeat(length) }, 0);
          return true;
        } catch (error) {
          expect(error).to.be.instanceOf(RecordError);
          return false;
        }
      };
      while (least < most) {
        const middle = Math.ceil((least + most) / 2);
        if (probe(middle)) least = middle;
        else most = middle - 1;
      }
      builder.add({ metadata, payload: 'x'.repeat(least) }, 0);
    }
  });
});
