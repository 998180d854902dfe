import { expect } from 'chai';
import fc from 'fast-check';

import { losslessLine } from '../../../lib/codec/json-lines/lossless-line.js';
import type { RecordInput } from '../../../lib/codec/records/record-input.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { decodeArchive } from '../../support/decode-archive.js';
import { encodeBlocks } from '../../support/encode-archive.js';

const line = (input: RecordInput) => losslessLine(input);

/** A whole payload out of its line. */
function payloadIn(text: string): Buffer {
  const { payloadBase64, payloadText } = JSON.parse(text);
  if (payloadBase64 !== undefined) return Buffer.from(payloadBase64, 'base64');
  if (payloadText !== undefined) return Buffer.from(payloadText);
  // It comes last, so its text can be cut out.
  return Buffer.from(text.slice(text.indexOf('"payload":') + '"payload":'.length, -1));
}

describe('losslessLine', () => {
  const forms: ReadonlyArray<
    readonly [what: string, payload: string | Uint8Array, member: string]
  > = [
    ['a big number', '12345678901234567890', '"payload":12345678901234567890'],
    ['zeros at the end', '{"a": 1.10,"b":1e2}', '"payload":{"a": 1.10,"b":1e2}'],
    ['a key that occurs twice', '{"a":1,"a":2}', '"payload":{"a":1,"a":2}'],
    ['escapes as they are', '"\\u0041\\ud800"', '"payload":"\\u0041\\ud800"'],
    ['null', 'null', '"payload":null'],
    ['no bytes', '', '"payloadText":""'],
    ['text', 'a "word"', '"payloadText":"a \\"word\\""'],
    ['JSON of several lines, byte for byte', '{\n"a":1}', '"payloadText":"{\\n\\"a\\":1}"'],
    ['a byte order mark', '\ufeff{}', '"payloadText":"\ufeff{}"'],
    ['a number of 5,000 digits', '1'.repeat(5000), `"payload":${'1'.repeat(5000)}`],
    ['a word of 5,000 letters', 'x'.repeat(5000), `"payloadText":"${'x'.repeat(5000)}"`],
    ['bytes', Uint8Array.of(0, 255), '"payloadBase64":"AP8="'],
    ['bytes that are text', Buffer.from('{"a":1}'), '"payload":{"a":1}'],
  ];
  for (const [what, payload, member] of forms) {
    it(`keeps ${what}`, () => {
      expect(line({ payload })).to.equal(`{"metadata":{},${member}}`);
    });
  }

  it('keeps any payload, byte for byte, on one line', () => {
    const payload = fc.oneof(
      fc.json(),
      fc.json({ maxDepth: 3 }).map((text) => JSON.stringify(JSON.parse(text), null, 2)),
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array(),
    );
    fc.assert(
      fc.property(payload, (original) => {
        const text = line({ payload: original });
        expect(text).to.not.match(/[\r\n]/);
        expect(payloadIn(text).equals(Buffer.from(original))).to.equal(true);
      }),
    );
  });

  it('has time, writer and sequence of an archived record, and makes up none', () => {
    const [record] = decodeArchive(encodeBlocks([{ payload: '1', time: '2026-11-30' }]));
    expect(record).to.not.equal(undefined);
    if (record === undefined) return;
    expect(JSON.parse(line(record))).to.deep.equal({
      time: '2026-11-30T00:00:00.000000Z',
      writer: record.writer,
      sequence: 0,
      metadata: {},
      payload: 1,
    });
    expect(line('1')).to.equal('{"metadata":{},"payload":1}');
  });

  it('has them of a record of another copy of this package as well', () => {
    const [record] = decodeArchive(encodeBlocks([{ payload: '1', metadata: { a: 'b' } }]));
    if (record === undefined) expect.fail();
    const { archive, metadata, payload, sequence, timeMicros, writer } = record;
    const rawMetadata = () => record.rawMetadata();
    const copy = { archive, metadata, payload, sequence, timeMicros, writer, rawMetadata };
    Object.defineProperty(copy, Symbol.for('shoebox-archive.ArchiveRecord'), { value: true });
    expect(line(copy)).to.equal(line(record));
  });

  it('keeps the order of metadata, and any key', () => {
    const metadata = [
      ['b', '1'],
      ['7', '2'],
      ['__proto__', '3'],
    ] as const;
    const text = '{"metadata":{"b":"1","7":"2","__proto__":"3"},"payload":0}';
    expect(line({ payload: '0', metadata })).to.equal(text);
  });

  it('has metadata of version 1 that are not UTF-8 twice: to read, and exact', () => {
    // A frame of version 1: 14 bytes of metadata (4, lengths 1 and 1, ff, v), 5 of payload (1, 0).
    const ints = (...values: readonly number[]) => Buffer.from(Int32Array.from(values).buffer);
    const frame = [ints(14, 5, 0, 4, 1, 1), Buffer.of(0xff), 'v', ints(1), '0'];
    const parts = [Buffer.from('847886690100', 'hex'), ...frame.map((part) => Buffer.from(part))];
    const [record] = decodeArchive(Buffer.concat(parts));
    expect(record).to.not.equal(undefined);
    if (record === undefined) return;
    const text = '{"metadata":{"\ufffd":"v"},"metadataBase64":[["/w==","dg=="]],"payload":0}';
    expect(line(record)).to.equal(text);
  });

  it('refuses half of a surrogate pair, which UTF-8 cannot hold', () => {
    expect(() => line('\ud800')).to.throw(RecordError, 'lone surrogate');
    expect(() => line({ payload: '', metadata: { a: '\ud800' } })).to.throw(RecordError, '"a"');
  });

  describe('with a key for what is beside the payload', () => {
    const onTop = (payload: string) =>
      losslessLine({ payload, metadata: { a: 'b' } }, { recordKey: 'record' });

    it('puts the members of the payload on top, digit for digit', () => {
      const record = '"record":{"metadata":{"a":"b"}}';
      expect(onTop('{"n":1.10}')).to.equal(`{"n":1.10,${record}}`);
      expect(onTop(' { } ')).to.equal(` { ${record}} `);
      expect(onTop('{"t":"}"}')).to.equal(`{"t":"}",${record}}`);
      expect(onTop('{"t":"{"}')).to.equal(`{"t":"{",${record}}`);
    });

    for (const payload of ['[1]', '"text"', 'text', '{"record":1}', '{\n}', 'null']) {
      it(`leaves ${JSON.stringify(payload)} below`, () => {
        expect(onTop(payload)).to.equal(line({ payload, metadata: { a: 'b' } }));
      });
    }
  });
});
