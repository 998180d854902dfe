import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';
import fc from 'fast-check';

import type { RecordInput } from '../../../lib/codec/records/record-input.js';
import { Version1Encoder } from '../../../lib/codec/version-1/version-1-encoder.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { anyRecord, expectedOf } from '../../support/arbitrary-record.js';
import { cut, decodeArchive, decodeChunks, plain } from '../../support/decode-archive.js';
import { encodeVersion1 } from '../../support/encode-archive.js';

const OURS = new URL('../../fixtures/v1/', import.meta.url);
/** Archives of the original program, kept outside of the project. */
const SHARED = new URL('../../../../shared/fixtures/v1/', import.meta.url);

interface ExpectedRecord {
  readonly metadata: Readonly<Record<string, string>>;
  readonly payload_base64: string;
}

function describeFixtures(folder: URL): void {
  const names = readdirSync(folder).filter((name) => name.endsWith('.events'));
  for (const name of names) {
    const bytes = readFileSync(new URL(name, folder));
    const jsonl = readFileSync(new URL(name.replace('.events', '.expected.jsonl'), folder), 'utf8');
    const expected: ExpectedRecord[] = jsonl
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

    it(`reads ${name} to the expected records, in pieces of any size`, () => {
      for (const size of [bytes.length, 65_536, 1000, 17]) {
        const { records, error } = decodeChunks(cut(bytes, size));
        expect(error).to.equal(undefined);
        expect(records).to.have.length(expected.length);
        for (const [i, record] of records.entries()) {
          const { metadata = {}, payload_base64 = '' } = expected[i] ?? {};
          expect({ ...record.metadata }).to.deep.equal(metadata);
          expect(record.payload.toString('base64')).to.equal(payload_base64);
        }
      }
    });

    it(`writes ${name} back byte for byte, from the read and from the expected records`, () => {
      expect(encodeVersion1(decodeArchive(bytes)).equals(bytes)).to.equal(true);
      const inputs = expected.map(({ metadata, payload_base64 }, i) => ({
        // In the archive's order, because a JSON object has integer-like keys first.
        metadata: new Map(keysOf(bytes, i).map((key) => [key, metadata[key] ?? ''])),
        payload: Buffer.from(payload_base64, 'base64'),
      }));
      expect(encodeVersion1(inputs).equals(bytes)).to.equal(true);
    });
  }

  function keysOf(bytes: Buffer, i: number): string[] {
    const record = decodeArchive(bytes)[i];
    return record === undefined ? [] : plain(record).metadata.map(([key = '']) => key);
  }
}

describe('Version1Encoder', () => {
  describe('with the samples of this project', () => {
    describeFixtures(OURS);
  });

  describe('with the archives of the original program', () => {
    if (existsSync(SHARED)) {
      describeFixtures(SHARED);
    } else {
      it('reads them and writes them back byte for byte', function () {
        console.log(`      skipped: there is no ${fileURLToPath(SHARED)}`);
        this.skip();
      });
    }
  });

  it('writes one frame per record, without time', () => {
    const bytes = encodeVersion1([{ metadata: { a: 'bc' }, payload: 'hi', timeMicros: 5 }]);
    const ints = (...values: number[]) => Buffer.from(Int32Array.from(values).buffer);
    expect(bytes.toString('hex')).to.equal(
      Buffer.concat([
        Buffer.from('847886690100', 'hex'),
        ints(15, 6, 0, 4, 1, 2),
        Buffer.from('abc'),
        ints(2),
        Buffer.from('hi'),
      ]).toString('hex'),
    );
  });

  it('writes any records that are read back unchanged', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 12 }), (records) => {
        const read = decodeArchive(encodeVersion1(records));
        expect(read.map(plain)).to.deep.equal(records.map((record) => expectedOf(record)));
      }),
    );
  });

  it('returns the time of a record, although the frame does not store it', () => {
    const encoder = new Version1Encoder({ maxRecordBytes: 100, slabBytes: 8 });
    expect(encoder.add({ payload: '', timeMicros: 7 }, 42)).to.equal(7);
    expect(encoder.add('', 42)).to.equal(42);
  });

  it('never has a block open', () => {
    const encoder = new Version1Encoder({ maxRecordBytes: 100, slabBytes: 8 });
    encoder.add('x', 0);
    encoder.finishBlock();
    expect([encoder.isBlockOpen, encoder.pendingBytes]).to.deep.equal([false, 18 + 4 + 4 + 1]);
    expect(encoder.take()).to.have.length(27);
    expect(encoder.pendingBytes).to.equal(0);
  });

  const refused: ReadonlyArray<readonly [what: string, record: unknown, field: string]> = [
    [
      'a lone surrogate in a key',
      { metadata: { 'k\ud800': '' }, payload: '' },
      'metadata["k\\ud800"]',
    ],
    ['a lone surrogate in a value', { metadata: { k: '\udfff' }, payload: '' }, 'metadata["k"]'],
    ['a lone surrogate in the payload', '\ud800', 'payload'],
    ['metadata that is not a string', { metadata: { k: null }, payload: '' }, 'metadata["k"]'],
    ['no payload', {}, 'payload'],
    ['a payload over the limit', 'x'.repeat(100), 'payload'],
    ['text over the limit as UTF-8', '€'.repeat(40), 'payload'],
    ['metadata over the limit', { metadata: { k: 'x'.repeat(100) }, payload: '' }, 'payload'],
    ['an invalid time', { payload: '', time: Number.NaN }, 'time'],
  ];
  for (const [what, record, field] of refused) {
    it(`refuses ${what}, and continues as if it had not been added`, () => {
      const encoder = new Version1Encoder({ maxRecordBytes: 100, slabBytes: 8 });
      encoder.add('a', 0);
      expect(() => encoder.add(record as RecordInput, 0))
        .to.throw(RecordError)
        .with.property('field', field);
      encoder.add('b', 0);
      expect(encoder.take().equals(encodeVersion1(['a', 'b']))).to.equal(true);
    });
  }

  it('accepts a record of exactly maxRecordBytes, counted as a reader counts it', () => {
    const encoder = new Version1Encoder({ maxRecordBytes: 20, slabBytes: 8 });
    encoder.add('x'.repeat(12), 0);
    expect(() => encoder.add('x'.repeat(13), 0)).to.throw(RecordError, '21 bytes');
    expect(decodeArchive(encoder.take(), { maxRecordBytes: 20 })).to.have.length(1);
  });
});
