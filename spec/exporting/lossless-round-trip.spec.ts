import { Readable } from 'node:stream';

import { expect } from 'chai';
import fc from 'fast-check';

import type { ArchiveRecord } from '../../lib/codec/records/archive-record.js';
import type { RecordInput } from '../../lib/codec/records/record-input.js';
import { fromJsonLines } from '../../lib/exporting/from-json-lines.js';
import { toJsonLines } from '../../lib/exporting/to-json-lines.js';
import { drain } from '../streams/stream-tools.js';
import { anyRecord } from '../support/arbitrary-record.js';
import { decodeArchive } from '../support/decode-archive.js';
import { encodeBlocks, encodeVersion1 } from '../support/encode-archive.js';

interface Options {
  readonly payloadOnTop?: string | boolean;
}

async function thereAndBack(records: readonly ArchiveRecord[], options: Options = {}) {
  const lines = Readable.from(records).pipe(toJsonLines({ lossless: true, ...options }));
  const parser = lines.pipe(fromJsonLines({ lossless: true, ...options }));
  const { given, error } = await drain<ArchiveRecord>(parser);
  expect(error).to.equal(undefined);
  return given;
}

/** All that a record has. */
const whole = (record: ArchiveRecord) => ({
  writer: record.writer,
  sequence: record.sequence,
  timeMicros: record.timeMicros,
  metadata: { ...record.metadata },
  pairs: record
    .rawMetadata()
    .map((pair) => pair.map((bytes) => Buffer.from(bytes).toString('hex'))),
  payload: record.payload.toString('hex'),
});

const fromLine = async (line: string, options: Options = {}) => {
  const parser = Readable.from([Buffer.from(line)]).pipe(
    fromJsonLines({ lossless: true, ...options }),
  );
  const { given, error } = await drain<ArchiveRecord>(parser);
  return { given: given.map(whole), error };
};

describe('fromJsonLines({ lossless: true })', () => {
  it('reads what toJsonLines({ lossless: true }) writes, back to equal records', async () => {
    const payload = fc.oneof(
      fc.json(),
      fc.constantFrom(
        ' {"a" : 1.10 } ',
        '{ }',
        '{\r"a":1}',
        '{"record":1}',
        '{"t":"}"}',
        ' 1\t',
        '',
      ),
    );
    const record = fc.oneof(anyRecord, fc.record({ payload }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 6 }),
        fc.boolean(),
        fc.constantFrom(undefined, true, 'é"'),
        async (records: RecordInput[], isVersion1, payloadOnTop) => {
          const archive = isVersion1 ? encodeVersion1(records) : encodeBlocks(records);
          const originals = decodeArchive(archive);
          const options = payloadOnTop === undefined ? {} : { payloadOnTop };
          const copies = await thereAndBack(originals, options);
          expect(copies.map(whole)).to.deep.equal(originals.map(whole));
        },
      ),
      { numRuns: Number(process.env.ROUND_TRIPS ?? 60) },
    );
  });

  it('reads metadata of version 1 that are not UTF-8, or have a key twice', async () => {
    const ints = (...values: readonly number[]) => Buffer.from(Int32Array.from(values).buffer);
    const parts = [ints(24, 5, 0, 8, 1, 1, 1, 1), Buffer.of(0xff), 'v', Buffer.of(0xff), 'w'];
    const frame = [Buffer.from('847886690100', 'hex'), ...parts, ints(1), '0'];
    const originals = decodeArchive(Buffer.concat(frame.map((part) => Buffer.from(part))));
    expect(originals).to.have.length(1);
    for (const payloadOnTop of [false, true]) {
      const copies = await thereAndBack(originals, { payloadOnTop });
      expect(copies.map(whole)).to.deep.equal(originals.map(whole));
    }
  });

  it('reads lines that another program has put in another order', async () => {
    const line = '{"payload": [1.10] ,"sequence":5,"more":1,"writer":"0123456789abcdef"}';
    const { given } = await fromLine(line);
    expect(given[0]).to.include({ writer: '0123456789abcdef', sequence: 5, timeMicros: undefined });
    expect(Buffer.from(given[0]?.payload ?? '', 'hex').toString()).to.equal(' [1.10]');
  });

  const faulty: ReadonlyArray<readonly [line: string, message: RegExp]> = [
    [
      '{}',
      /payload .* there 0 times, expected one of payload, payloadText, payloadBase64: line 1$/,
    ],
    ['[1]', /there 0 times/],
    ['{"payload":1,"payloadText":"1"}', /there 2 times/],
    ['{"payloadText":1}', /payloadText of a record is not a string: line 1/],
    ['{"payloadBase64":"x"}', /payloadBase64 of a record is not base64/],
    ['{"payload":1,"time":"2026"}', /time of a record is "2026", expected ISO 8601/],
    ['{"payload":1,"writer":"x"}', /writer of a record is "x", expected 16 hex digits/],
    ['{"payload":1,"sequence":"1"}', /sequence of a record is "1", expected a whole number/],
    ['{"payload":1,"sequence":-1}', /expected a whole number, 0 or more/],
    ['{"payload":1,"metadata":{"a":1}}', /metadata of a record is not an object of strings/],
    ['{"payload":1,"metadata":"a"}', /metadata of a record is not an object of strings/],
    ['{"payload":1,"metadataBase64":[["a"]]}', /metadataBase64 of a record is not a list of pairs/],
  ];
  for (const [line, message] of faulty) {
    it(`refuses ${line}`, async () => {
      const { error } = await fromLine(line);
      expect(String(error)).to.match(message);
    });
  }

  it('refuses a member for the rest that is not the last one', async () => {
    const { error } = await fromLine('{"record":{"metadata":{}},"a":1}', { payloadOnTop: true });
    expect(String(error)).to.match(/"record" of a record is not the last member/);
  });
});
