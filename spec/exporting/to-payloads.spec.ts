import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import type { RecordInput } from '../../lib/codec/records/record-input.js';
import { RecordError } from '../../lib/errors/record-error.js';
import { type ToPayloadsOptions, toPayloads } from '../../lib/exporting/to-payloads.js';
import { Decoder } from '../../lib/streams/decoder.js';
import { countingSource, drain, SlowSink, settle } from '../streams/stream-tools.js';
import { encodeBlocks } from '../support/encode-archive.js';
import { rejection } from '../support/store-tools.js';

const BYTES = Buffer.from([0, 0xff, 10]);
const RECORDS: readonly RecordInput[] = [
  'a',
  '',
  BYTES,
  { payload: { n: 1 }, metadata: { k: 'v' } },
];

async function payloads(options?: ToPayloadsOptions, records = RECORDS): Promise<Buffer> {
  const { given, error } = await drain<Buffer>(Readable.from(records).pipe(toPayloads(options)));
  expect(error).to.equal(undefined);
  return Buffer.concat(given);
}

describe('toPayloads', () => {
  it('gives each payload unchanged, followed by a line feed', async () => {
    const expected = Buffer.concat([Buffer.from('a\n\n'), BYTES, Buffer.from('\n{"n":1}\n')]);
    expect(await payloads()).to.deep.equal(expected);
  });

  it('uses another separator, text or bytes, or none', async () => {
    const text = async (options: ToPayloadsOptions) =>
      (await payloads(options, ['a', 'b'])).toString();
    expect(await text({ separator: '\r\n' })).to.equal('a\r\nb\r\n');
    expect(await text({ separator: Buffer.from([0]) })).to.equal('a\0b\0');
    expect(await text({ separator: '' })).to.equal('ab');
    expect(await payloads({ separator: '' }, ['', ''])).to.deep.equal(Buffer.alloc(0));
  });

  it('accepts records read from an archive', async () => {
    const records = Readable.from([encodeBlocks(['a', 'b'])]).pipe(new Decoder());
    const { given } = await drain<Buffer>(records.pipe(toPayloads()));
    expect(Buffer.concat(given).toString()).to.equal('a\nb\n');
  });

  it('does not keep the bytes of the caller', async () => {
    const bytes = Buffer.from('a');
    const stream = toPayloads();
    stream.write(bytes);
    await settle();
    bytes.fill('b');
    stream.end();
    expect(Buffer.concat((await drain<Buffer>(stream)).given).toString()).to.equal('a\n');
  });

  it('takes no more records than the reader needs', async () => {
    const source = countingSource(() => 'x'.repeat(1000));
    const stream = source.stream.pipe(toPayloads());
    await settle();
    const taken = source.taken();
    expect(taken).to.be.lessThan(200);
    await settle();
    expect(source.taken()).to.equal(taken);
    stream.destroy();
    source.stream.destroy();
  });

  it('gives the payloads before an input that is not a record, then a RecordError', async () => {
    for (const record of [7, { payload: undefined }, '\ud800']) {
      const sink = new SlowSink();
      const source = Readable.from([...Array(100).fill('a'), record, 'b']);
      const failure = await rejection(pipeline(source, toPayloads(), sink));
      expect(failure).to.be.instanceOf(RecordError);
      expect(sink.bytes.toString()).to.equal('a\n'.repeat(100));
    }
  });
});
