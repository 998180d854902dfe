import { expect } from 'chai';
import fc from 'fast-check';

import { JsonLinesEncoder } from '../../../lib/codec/json-lines/json-lines-encoder.js';
import type { RecordFields, RecordInput } from '../../../lib/codec/records/record-input.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { anyMetadata, expectedOf } from '../../support/arbitrary-record.js';
import { decodeArchive, plain } from '../../support/decode-archive.js';
import { encodeJsonLines } from '../../support/encode-archive.js';
import { forgeBody, forgeFrame, forgeKeyTable, forgeRecord } from '../../support/forge-frame.js';

const input = { metadata: { kind: 'login', 'a "b"': '\u2028\n' }, payload: { user: 1 } };

/** JSON objects with white space where JSON allows it, as one line. */
const anyObject = fc
  .tuple(
    fc.constantFrom('', ' ', '\t', '\r '),
    fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })),
    fc.constantFrom('', ' ', '\t\t'),
  )
  .map(([before, object, inside]) => {
    const rest = JSON.stringify(object).slice(1);
    return `${before}{${inside}${rest}${before}`;
  });

describe('JsonLinesEncoder', () => {
  it('writes one payload per line', () => {
    const records = [{ payload: '{"a":1}' }, { payload: [1, 'é'] }, 'null', ''];
    expect(encodeJsonLines(records).toString()).to.equal('{"a":1}\n[1,"é"]\nnull\n\n');
  });

  it('does not write metadata without a metadataKey', () => {
    expect(encodeJsonLines([input]).toString()).to.equal('{"user":1}\n');
  });

  it('writes metadata as the first member, under the key', () => {
    expect(encodeJsonLines([input], 'meta').toString()).to.equal(
      '{"meta":{"kind":"login","a \\"b\\"":"\u2028\\n"},"user":1}\n',
    );
  });

  it('writes an empty object for a record without metadata, so that it is read back as one', () => {
    expect(encodeJsonLines([{ payload: '{}' }, '{"a":1}'], 'm').toString()).to.equal(
      '{"m":{}}\n{"m":{},"a":1}\n',
    );
  });

  it('writes records with metadata that are read back byte for byte', () => {
    const records = fc.array(fc.record({ metadata: anyMetadata, payload: anyObject }));
    fc.assert(
      fc.property(records, fc.constantFrom('meta"data\n', '__proto__'), (some, metadataKey) => {
        fc.pre(some.every(({ payload }) => !Object.hasOwn(JSON.parse(payload), metadataKey)));
        const read = decodeArchive(encodeJsonLines(some, metadataKey), { metadataKey });
        expect(read.map(plain).map(sorted)).to.deep.equal(
          some.map((record) => sorted(expectedOf(record as RecordFields))),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('writes any JSON that is read back unchanged', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), (payloads) => {
        const read = decodeArchive(encodeJsonLines(payloads));
        expect(read.map((record) => record.text())).to.deep.equal(payloads);
      }),
    );
  });

  it('returns the time of a record, although the line does not store it', () => {
    const encoder = new JsonLinesEncoder({ maxRecordBytes: 100, slabBytes: 8 });
    expect(encoder.add({ payload: '1', timeMicros: 7 }, 42)).to.equal(7);
    expect(encoder.add('1', 42)).to.equal(42);
  });

  it('never has a block open', () => {
    const encoder = new JsonLinesEncoder({ maxRecordBytes: 100, slabBytes: 8 });
    encoder.add('1', 0);
    encoder.finishBlock();
    expect([encoder.isBlockOpen, encoder.pendingBytes]).to.deep.equal([false, 2]);
    expect(encoder.take().toString()).to.equal('1\n');
    expect(encoder.pendingBytes).to.equal(0);
  });

  const notUtf8 = decodeArchive(
    forgeFrame(forgeBody(forgeRecord('{}', Buffer.from('0001ff', 'hex')), forgeKeyTable('k'))),
  )[0];
  const badKey = decodeArchive(
    forgeFrame(forgeBody(forgeRecord('{}', Buffer.of(0, 0)), Buffer.of(1, 1, 0xff))),
  )[0];

  const refused: ReadonlyArray<
    readonly [what: string, record: unknown, field: string, problem: string, key?: string]
  > = [
    ['a line feed', '{"a":\n1}', 'payload', 'has a line feed'],
    ['a line feed at the end', '{}\n', 'payload', 'has a line feed'],
    ['a line feed, also with metadata', '{\n}', 'payload', 'has a line feed', 'm'],
    ['a line feed in bytes', Buffer.from('\n'), 'payload', 'has a line feed'],
    ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'payload', 'is not UTF-8'],
    ['text that is not JSON', 'hello', 'payload', 'does not begin like JSON'],
    ['a payload with a byte order mark', '\ufeff{}', 'payload', 'does not begin like JSON'],
    ['a lone surrogate', '"\ud800"', 'payload', 'has a lone surrogate'],
    ['a payload over the limit', `"${'x'.repeat(3000)}"`, 'payload', 'more than maxRecordBytes'],
    ['a line over the limit', `"${'€'.repeat(900)}"`, 'payload', 'more than maxRecordBytes'],
    ['a payload that is not JSON', '{"a":}', 'payload', 'is not JSON', 'm'],
    ['an array', '[1]', 'payload', 'is not a JSON object', 'm'],
    ['null', 'null', 'payload', 'is not a JSON object', 'm'],
    ["a payload with the metadata's key", '{"a":1,"m":1}', 'payload', 'has a member "m"', 'm'],
    [
      'a lone surrogate in a key',
      { metadata: { 'k\ud800': '' }, payload: '{}' },
      'metadata["k\\ud800"]',
      'has a lone surrogate',
      'm',
    ],
    [
      'a lone surrogate in a value',
      { metadata: { k: '\udfff' }, payload: '{}' },
      'metadata["k"]',
      'has a lone surrogate',
      'm',
    ],
    [
      'halves of a pair in key and value',
      { metadata: { '\ud83d': '\udc5f' }, payload: '{}' },
      'metadata["\\ud83d"]',
      'has a lone surrogate',
      'm',
    ],
    ['a value that is not UTF-8', notUtf8, 'metadata["k"]', 'is not UTF-8', 'm'],
    ['a key that is not UTF-8', badKey, 'metadata["\ufffd"]', 'is not UTF-8', 'm'],
    ['no payload', { metadata: {} }, 'payload', 'is undefined'],
  ];
  for (const [what, record, field, problem, metadataKey] of refused) {
    it(`refuses ${what}, and continues as if it had not been added`, () => {
      const encoder = new JsonLinesEncoder({ maxRecordBytes: 2048, slabBytes: 8, metadataKey });
      encoder.add('{"a":1}', 0);
      expect(() => encoder.add(record as RecordInput, 0))
        .to.throw(RecordError, problem)
        .with.property('field', field);
      encoder.add('{"b":1}', 0);
      expect(encoder.take().equals(encodeJsonLines(['{"a":1}', '{"b":1}'], metadataKey))).to.equal(
        true,
      );
    });
  }

  it('accepts a line of exactly maxRecordBytes, including metadata', () => {
    const encoder = new JsonLinesEncoder({ maxRecordBytes: 10, slabBytes: 8, metadataKey: 'm' });
    const line = '{"m":{}}  ';
    encoder.add('{}  ', 0);
    expect(() => encoder.add('{}   ', 0)).to.throw(RecordError, '11 bytes');
    const bytes = encoder.take();
    expect(bytes.toString()).to.equal(`${line}\n`);
    expect(decodeArchive(bytes, { maxRecordBytes: 10 })).to.have.length(1);
  });
});

/** Metadata sorted by key, because a JSON object loses the order of integer-like keys. */
function sorted<Plain extends { metadata: string[][] }>(record: Plain): Plain {
  return {
    ...record,
    metadata: record.metadata.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  };
}
