import { expect } from 'chai';

import { createRecordEncoder, parseFormatOptions } from '../../lib/codec/create-record-encoder.js';
import { JsonLinesEncoder } from '../../lib/codec/json-lines/json-lines-encoder.js';
import { Version1Encoder } from '../../lib/codec/version-1/version-1-encoder.js';
import { BlockBuilder, type BlockFacts } from '../../lib/codec/version-2/block-builder.js';
import { decodeArchive } from '../support/decode-archive.js';
import { encodeAll, WRITER_ID } from '../support/encode-archive.js';

const SETUP = { writerId: WRITER_ID, slabBytes: 64 };

describe('parseFormatOptions', () => {
  it('has defaults', () => {
    const settings = { format: 'v2', blockBytes: 131_072, maxRecordBytes: 67_108_864 };
    expect(parseFormatOptions({})).to.deep.equal({ ...settings, metadataKey: undefined });
  });

  it('accepts sizes as numbers or text, up to their limits', () => {
    const sizes: [given: number | string, bytes: number][] = [
      [1, 1],
      ['1 KiB', 1024],
      ['16 MiB', 16_777_216],
    ];
    for (const [given, bytes] of sizes) {
      const settings = parseFormatOptions({ blockBytes: given, maxRecordBytes: given });
      expect(settings).to.include({ blockBytes: bytes, maxRecordBytes: bytes });
    }
    expect(parseFormatOptions({ maxRecordBytes: '1 GiB' }).maxRecordBytes).to.equal(2 ** 30);
  });

  it('accepts a metadataKey for JSON lines', () => {
    const settings = parseFormatOptions({ format: 'jsonl', metadataKey: 'm' });
    expect(settings).to.include({ format: 'jsonl', metadataKey: 'm' });
  });

  it('refuses invalid options, and shows their value', () => {
    const refused: [options: object, type: typeof TypeError | typeof RangeError, text: string][] = [
      [{ format: 'v3' }, TypeError, `format is "v3", expected 'v2', 'v1' or 'jsonl'`],
      [{ metadataKey: 'm' }, TypeError, "not with 'v2'"],
      [{ metadataKey: '', format: 'v1' }, TypeError, "not with 'v1'"],
      [{ blockBytes: 0 }, RangeError, 'blockBytes is 0, expected 1 byte to 16 MiB'],
      [{ blockBytes: 2 ** 24 + 1 }, RangeError, 'blockBytes is 16777217'],
      [{ blockBytes: 1.5 }, RangeError, 'blockBytes is 1.5'],
      [{ blockBytes: '1 parsec' }, RangeError, 'blockBytes is "1 parsec"'],
      [{ maxRecordBytes: 0 }, RangeError, 'maxRecordBytes is 0, expected 1 byte to 1 GiB'],
      [{ maxRecordBytes: '2 GiB' }, RangeError, 'maxRecordBytes is "2 GiB"'],
    ];
    for (const [options, type, text] of refused) {
      expect(() => parseFormatOptions(options)).to.throw(type, text);
    }
  });
});

describe('createRecordEncoder', () => {
  it('makes the encoder of each format', () => {
    const kinds = { v2: BlockBuilder, v1: Version1Encoder, jsonl: JsonLinesEncoder };
    for (const format of ['v2', 'v1', 'jsonl'] as const) {
      const encoder = createRecordEncoder(parseFormatOptions({ format }), SETUP);
      expect(encoder).to.be.instanceOf(kinds[format]);
      const texts = decodeArchive(encodeAll(encoder, ['{"n":1}', '{"n":2}'])).map((record) =>
        record.text(),
      );
      expect(texts).to.deep.equal(['{"n":1}', '{"n":2}']);
    }
  });

  it('counts sequences in version 2 only', () => {
    for (const [format, next] of [
      ['v2', 2],
      ['v1', 0],
      ['jsonl', 0],
    ] as const) {
      const encoder = createRecordEncoder(parseFormatOptions({ format }), SETUP);
      encodeAll(encoder, ['{"n":1}', '{"n":2}']);
      expect(encoder.nextSequence).to.equal(next);
    }
  });

  it('passes the settings to the encoder', () => {
    const blocks: BlockFacts[] = [];
    const setup = { ...SETUP, onBlock: (block: BlockFacts) => void blocks.push(block) };
    const settings = parseFormatOptions({ blockBytes: 50, maxRecordBytes: 100 });
    const encoder = createRecordEncoder(settings, setup);
    const bytes = encodeAll(encoder, Array(9).fill('a text of twenty byt'));
    expect(blocks.length).to.be.greaterThan(2);
    expect(decodeArchive(bytes)[0]?.writer).to.equal(WRITER_ID.toString('hex'));
    for (const format of ['v2', 'v1', 'jsonl'] as const) {
      const small = parseFormatOptions({ format, maxRecordBytes: 100 });
      const text = JSON.stringify('x'.repeat(100));
      expect(() => createRecordEncoder(small, SETUP).add(text, 0)).to.throw(/100/);
    }
    const lines = parseFormatOptions({ format: 'jsonl', metadataKey: 'm' });
    const line = encodeAll(createRecordEncoder(lines, SETUP), [
      { payload: {}, metadata: { a: 'b' } },
    ]);
    expect(line.toString()).to.equal('{"m":{"a":"b"}}\n');
  });

  it('refuses a writer id that does not have 8 bytes', () => {
    for (const length of [0, 7, 9]) {
      const setup = { ...SETUP, writerId: Buffer.alloc(length) };
      expect(() => createRecordEncoder(parseFormatOptions({}), setup)).to.throw(
        RangeError,
        `writerId has ${length} bytes, expected 8`,
      );
    }
  });
});
