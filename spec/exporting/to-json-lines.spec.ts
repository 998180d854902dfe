import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import type { RecordInput } from '../../lib/codec/records/record-input.js';
import { RecordError } from '../../lib/errors/record-error.js';
import { type ToJsonLinesOptions, toJsonLines } from '../../lib/exporting/to-json-lines.js';
import { Decoder } from '../../lib/streams/decoder.js';
import { drain, SlowSink } from '../streams/stream-tools.js';
import { encodeBlocks } from '../support/encode-archive.js';
import { rejection } from '../support/store-tools.js';

const RECORDS: readonly RecordInput[] = [
  { payload: { n: 1 }, metadata: { kind: 'login' } },
  { payload: '{ "n": 2 }' },
];

async function lines(options?: ToJsonLinesOptions, records = RECORDS): Promise<string> {
  const stream = Readable.from(records).pipe(toJsonLines(options));
  const { given, error } = await drain<Buffer>(stream);
  expect(error).to.equal(undefined);
  return Buffer.concat(given).toString();
}

describe('toJsonLines', () => {
  it('gives one line for each payload, without metadata', async () => {
    for (const options of [undefined, {}, { metadata: false }]) {
      expect(await lines(options)).to.equal('{"n":1}\n{ "n": 2 }\n');
    }
    expect(await lines({}, ['7', '"text"', ''])).to.equal('7\n"text"\n\n');
  });

  it("writes metadata under the given key, or under 'metadata'", async () => {
    const withKey = (key: string) => `{${key}:{"kind":"login"},"n":1}\n{${key}:{}, "n": 2 }\n`;
    expect(await lines({ metadata: true })).to.equal(withKey('"metadata"'));
    expect(await lines({ metadata: 'about' })).to.equal(withKey('"about"'));
    expect(await lines({ metadata: '' })).to.equal(withKey('""'));
  });

  it('accepts records read from an archive', async () => {
    const records = Readable.from([encodeBlocks(RECORDS)]).pipe(new Decoder());
    const { given } = await drain<Buffer>(records.pipe(toJsonLines()));
    expect(Buffer.concat(given).toString()).to.equal('{"n":1}\n{ "n": 2 }\n');
  });

  for (const [options, message] of [
    [{ payloadOnTop: true }, 'payloadOnTop goes with lossless'],
    [{ lossless: true, metadata: 'about' }, 'metadata is "about", but lossless decides'],
    [{ lossless: 'yes' }, 'lossless is "yes", expected true or false'],
    [{ metadata: 5 }, 'metadata is 5, expected a key, true or false'],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      const untyped: object = options;
      expect(() => toJsonLines(untyped)).to.throw(TypeError, message);
    });
  }

  it('writes any record as one line with lossless: true', async () => {
    const time = '2026-11-30T05:41:38.123456Z';
    const records: readonly RecordInput[] = [
      { payload: '{"n":1.10}', time, metadata: { kind: 'login' } },
      { payload: Uint8Array.of(255), time },
      { payload: 'two\nlines', time },
    ];
    const archived = Readable.from([encodeBlocks(records)]).pipe(new Decoder());
    const { given } = await drain<Buffer>(archived.pipe(toJsonLines({ lossless: true })));
    const found = Buffer.concat(given).toString().split('\n');
    const start = /^\{"time":"2026-11-30T05:41:38\.123456Z","writer":"[0-9a-f]{16}","sequence":/;
    for (const line of found.slice(0, 3)) expect(line).to.match(start);
    expect(found.map((line) => line.replace(/^.*"sequence":/, ''))).to.deep.equal([
      '0,"metadata":{"kind":"login"},"payload":{"n":1.10}}',
      '1,"metadata":{},"payloadBase64":"/w=="}',
      '2,"metadata":{},"payloadText":"two\\nlines"}',
      '',
    ]);
  });

  it("puts a payload's own members on top with payloadOnTop", async () => {
    const all = { lossless: true, payloadOnTop: true };
    const record = '"record":{"metadata":{"kind":"login"}}';
    expect(await lines(all)).to.equal(`{"n":1,${record}}\n{ "n": 2 ,"record":{"metadata":{}}}\n`);
    expect(await lines({ ...all, payloadOnTop: '_' }, ['{}'])).to.equal('{"_":{"metadata":{}}}\n');
  });

  it('gives the lines before an invalid payload, then a RecordError', async () => {
    for (const payload of ['{\n}', Buffer.from([0x22, 0xff, 0x22]), '\ud800']) {
      const sink = new SlowSink();
      const source = Readable.from([...RECORDS, payload, ...RECORDS]);
      const failure = await rejection(pipeline(source, toJsonLines(), sink));
      expect(failure).to.be.instanceOf(RecordError);
      expect(sink.bytes.toString()).to.equal('{"n":1}\n{ "n": 2 }\n');
    }
  });
});
