import { expect } from 'chai';
import fc from 'fast-check';

import { ArchiveDecoder } from '../../lib/codec/archive-decoder.js';
import type { RecordFields } from '../../lib/codec/records/record-input.js';
import { encodeIndexFrame } from '../../lib/codec/version-2/archive-index.js';
import { DamageError } from '../../lib/errors/damage-error.js';
import { allowTime } from '../support/allow-time.js';
import { anyRecord, expectedOf } from '../support/arbitrary-record.js';
import { flipBit } from '../support/damaged-archive.js';
import { cut, damageOf, decodeArchive, decodeChunks, plain } from '../support/decode-archive.js';
import {
  createBlockBuilder,
  encodeBlocks,
  encodeJsonLines,
  encodeVersion1,
  WRITER_ID,
} from '../support/encode-archive.js';

const RECORDS: readonly RecordFields[] = [
  { metadata: { kind: 'login', user: 'ann' }, payload: '{"n":1}', timeMicros: 2000 },
  { metadata: { kind: 'logout' }, payload: '{"text":"é👟"}', timeMicros: 1000 },
  { metadata: {}, payload: '{}', timeMicros: 1500 },
  { metadata: { '': '' }, payload: '{"n":4,"list":[1,{"a":"}"}]}', timeMicros: 9000 },
];

/** An archive, and where its records are complete. */
interface Sample {
  readonly bytes: Buffer;
  readonly expected: ReturnType<typeof plain>[];
  /** The end of each frame or line, and the number of records before it. */
  readonly ends: ReadonlyArray<readonly [offset: number, records: number]>;
  readonly metadataKey?: string;
}

function version2(): Sample {
  const ends: [number, number][] = [];
  const onBlock = (block: { bytes: number; records: number }) => {
    const [offset, records] = ends.at(-1) ?? [0, 0];
    ends.push([offset + block.bytes, records + block.records]);
  };
  const builder = createBlockBuilder({ blockBytes: 60, onBlock });
  for (const record of RECORDS) builder.add(record, 0);
  builder.finishBlock();
  const blocks = builder.take();
  const zeros = Buffer.alloc(32);
  const facts = { archiveBytes: blocks.length, sha256: zeros, previousSha256: zeros };
  const index = { ...facts, records: 0, ordinal: 0, writerEnded: true, entries: [] };
  const bytes = Buffer.concat([blocks, encodeIndexFrame(index, WRITER_ID, RECORDS.length)]);
  ends.push([bytes.length, RECORDS.length]);
  return { bytes, ends, expected: RECORDS.map((record, i) => expectedOf(record, i)) };
}

function oneByOne(encode: (records: readonly RecordFields[]) => Buffer): Sample {
  const expected = RECORDS.map((record) => expectedOf(record));
  const ends = RECORDS.map((_, i) => [encode(RECORDS.slice(0, i + 1)).length, i + 1] as const);
  return { bytes: encode(RECORDS), ends, expected };
}

const samples: ReadonlyArray<readonly [name: string, sample: Sample]> = [
  ['version 2', version2()],
  ['version 1', oneByOne(encodeVersion1)],
  ['JSON lines', { ...oneByOne((some) => encodeJsonLines(some, 'm')), metadataKey: 'm' }],
];

describe('ArchiveDecoder', () => {
  for (const [name, sample] of samples) {
    const { bytes, expected, ends, metadataKey } = sample;

    describe(`of ${name}`, () => {
      it('returns the same records wherever the input is cut in two', () => {
        for (let at = 0; at <= bytes.length; at++) {
          const chunks = [bytes.subarray(0, at), bytes.subarray(at)];
          const { records, error } = decodeChunks(chunks, { metadataKey });
          expect(error).to.equal(undefined);
          expect(records.map(plain)).to.deep.equal(expected);
        }
      });

      // The exhaustive run of chunk sizes. The streams try a sample of them.
      it('returns the same records from pieces of any one size', () => {
        for (let size = 1; size <= bytes.length; size++) {
          const { records } = decodeChunks(cut(bytes, size), { metadataKey });
          expect(records.map(plain)).to.deep.equal(expected);
        }
      });

      it('returns each record as soon as its frame is whole', () => {
        const decoder = new ArchiveDecoder({ metadataKey });
        let records = 0;
        for (let at = 0; at < bytes.length; at++) {
          decoder.push(Buffer.from(bytes.subarray(at, at + 1)));
          records += decoder.next()?.length ?? 0;
          expect(records).to.equal(wholeBefore(ends, at + 1).records);
        }
      });

      it('truncated at any byte returns the records before the cut, then a torn frame', () => {
        for (let at = 0; at < bytes.length; at++) {
          const whole = wholeBefore(ends, at);
          const { records, error } = decodeChunks([bytes.subarray(0, at)], { metadataKey });
          // A line that lacks only its line feed is whole.
          const isWhole = at === whole.offset || (name === 'JSON lines' && bytes[at] === 0x0a);
          const count = whole.records + (isWhole && at !== whole.offset ? 1 : 0);
          expect(records.map(plain)).to.deep.equal(expected.slice(0, count));
          if (isWhole) expect(error).to.equal(undefined);
          else expect(damageOf(error)).to.include({ reason: 'torn', offset: whole.offset });
        }
      });

      it("truncated at any byte ends quietly with tornTail 'end'", () => {
        for (let at = 0; at <= bytes.length; at++) {
          const whole = wholeBefore(ends, at);
          const options = { metadataKey, tornTail: 'end' } as const;
          const { records, error } = decodeChunks([bytes.subarray(0, at)], options);
          expect(error).to.equal(undefined);
          expect(records.map(plain)).to.deep.equal(expected.slice(0, whole.records));
        }
      });
    });
  }

  it('returns the same records for any records, blocks and pieces', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { maxLength: 12 }),
        fc.constantFrom(1, 200, 5000),
        fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1 }),
        (records, blockBytes, sizes) => {
          const archive = encodeBlocks(records, { blockBytes });
          const read = decodeChunks(cutBy(archive, sizes));
          expect(read.error).to.equal(undefined);
          expect(read.records.map(plain)).to.deep.equal(
            records.map((record, i) => expectedOf(record, i)),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  // The exhaustive run of bit flips for a decoder that does not skip damage.
  it('with any bit of a version-2 archive flipped never returns an altered record', function () {
    allowTime(this, 120_000);
    const { bytes, expected, ends } = version2();
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const { records, error } = decodeChunks([flipBit(bytes, bit)]);
      const damage = damageOf(error);
      const whole = wholeBefore(ends, bit >> 3);
      expect(records.map(plain)).to.deep.equal(expected.slice(0, whole.records));
      expect(damage.offset).to.be.within(whole.offset, bytes.length);
    }
  });

  it('with any byte of a version-1 archive changed throws only DamageErrors', () => {
    const bytes = encodeVersion1(RECORDS.slice(0, 2));
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0x00, 0x7f, 0x80, 0xff]) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(value, at);
        const { records, error } = decodeChunks([changed]);
        for (const record of records) expect(record.metadata).to.be.an('object');
        if (error !== undefined) expect(error).to.be.instanceOf(DamageError);
      }
    }
  });

  it('throws only DamageErrors, for any bytes', () => {
    const openings = fc.constantFrom('', '84788669', '847886690100', '847886690200', '7b22', '5b');
    fc.assert(
      fc.property(openings, fc.uint8Array({ maxLength: 150 }), (opening, rest) => {
        const { records, error } = decodeChunks([Buffer.from(opening, 'hex'), rest]);
        for (const record of records) expect(record.metadata).to.be.an('object');
        if (error !== undefined) expect(error).to.be.instanceOf(DamageError);
      }),
      { numRuns: 2000 },
    );
  });

  it('returns nothing for an empty archive', () => {
    expect(decodeArchive(Buffer.alloc(0))).to.deep.equal([]);
  });

  it('waits for more bytes, and for the end', () => {
    const decoder = new ArchiveDecoder();
    expect(decoder.next()).to.equal(null);
    decoder.push(encodeBlocks(['one']));
    expect(decoder.next()).to.have.length(1);
    expect(decoder.next()).to.equal(null);
    decoder.end();
    expect(decoder.next()).to.equal(null);
    expect(decoder.next()).to.equal(null);
  });

  it('throws the same error at every later call', () => {
    const decoder = new ArchiveDecoder();
    decoder.push(Buffer.concat([encodeBlocks(['one']), Buffer.from('garbage')]));
    expect(decoder.next()).to.have.length(1);
    const errors = [0, 1].map(() => {
      try {
        return decoder.next();
      } catch (error) {
        return error;
      }
    });
    expect(errors[0]).to.be.instanceOf(DamageError);
    expect(errors[1]).to.equal(errors[0]);
  });

  it('returns the records of many small blocks in batches, and of a large block at once', () => {
    const decoder = new ArchiveDecoder();
    decoder.push(encodeBlocks(Array(1000).fill('x'), { blockBytes: 1 }));
    expect(decoder.next()).to.have.length(128);
    decoder.end();
    let records = 128;
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) {
      expect(batch).to.have.length.at.most(128);
      records += batch.length;
    }
    expect(records).to.equal(1000);
    expect(
      decodeArchive(encodeBlocks(Array(1000).fill('x'), { blockBytes: 10_000 })),
    ).to.have.length(1000);
  });

  it('returns views that no later bytes overwrite', () => {
    const archive = encodeBlocks(['a', 'b', 'c', 'd'], { blockBytes: 1 });
    const { records } = decodeChunks(cut(archive, 10));
    expect(records.map((record) => record.text())).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('names the archive in records and errors', () => {
    const { records, error } = decodeChunks([encodeBlocks(['one']), Buffer.from('x')], {
      archive: 'a.events',
    });
    expect(records[0]?.archive).to.equal('a.events');
    expect(damageOf(error)).to.have.property('archive', 'a.events');
    expect(damageOf(error).message).to.include(' of a.events: ');
  });

  for (const maxRecordBytes of [0, '2 GiB', Number.NaN]) {
    it(`refuses maxRecordBytes ${maxRecordBytes}`, () => {
      expect(() => new ArchiveDecoder({ maxRecordBytes })).to.throw(RangeError, 'maxRecordBytes');
    });
  }
});

/** The last frame end at or before `offset`, and the records up to it. */
function wholeBefore(ends: Sample['ends'], offset: number) {
  const [end, records] = ends.findLast(([at]) => at <= offset) ?? [0, 0];
  return { offset: end, records };
}

function* cutBy(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const end = at + (sizes[i % sizes.length] ?? 1);
    yield bytes.subarray(at, end);
    at = end;
  }
}
