import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';
import fc from 'fast-check';

import type { ArchiveRecord } from '../../lib/codec/records/archive-record.js';
import type { RecordFields, RecordInput } from '../../lib/codec/records/record-input.js';
import { RecordError } from '../../lib/errors/record-error.js';
import { Decoder } from '../../lib/streams/decoder.js';
import { Encoder, type EncoderOptions } from '../../lib/streams/encoder.js';
import { anyRecord, expectedOf } from '../support/arbitrary-record.js';
import { decodeArchive, decodeChunks, plain } from '../support/decode-archive.js';
import { encodeVersion1, NOW_MICROS, WRITER_ID } from '../support/encode-archive.js';
import { FakeClock } from '../support/fake-clock.js';
import { rejection } from '../support/store-tools.js';
import { countingSource, drain, SlowSink, settle } from './stream-tools.js';

const FIXTURE = new URL('../fixtures/v1/small.events', import.meta.url);

/** A record of about 100 bytes. */
const RECORD = { metadata: { kind: 'login' }, payload: 'x'.repeat(90) };

function create(options: EncoderOptions = {}): { encoder: Encoder; clock: FakeClock } {
  const clock = new FakeClock(NOW_MICROS / 1000);
  return { encoder: new Encoder({ clock, writerId: WRITER_ID, ...options }), clock };
}

/** The chunks that an encoder gives for records. */
async function encode(records: RecordInput[], options?: EncoderOptions): Promise<Buffer[]> {
  const { encoder } = create(options);
  const { given, error } = await drain<Buffer>(Readable.from(records).pipe(encoder));
  expect(error).to.equal(undefined);
  return given;
}

function textsOf(bytes: Uint8Array): string[] {
  return decodeArchive(bytes).map((record) => record.text());
}

describe('Encoder', () => {
  it('encodes any records so that they are read back unchanged', async () => {
    const records = fc.array(anyRecord, { maxLength: 20 });
    const blockBytes = fc.constantFrom(1, 300, '128 KiB');
    await fc.assert(
      fc.asyncProperty(records, blockBytes, async (some, size) => {
        const bytes = Buffer.concat(await encode(some, { blockBytes: size }));
        expect(decodeArchive(bytes).map(plain)).to.deep.equal(some.map(expectedOf));
      }),
    );
  });

  it('writes version 1', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { maxLength: 9 }), async (some) => {
        const bytes = Buffer.concat(await encode(some, { format: 'v1', blockBytes: 300 }));
        expect(bytes).to.deep.equal(encodeVersion1(some));
      }),
    );
  });

  it('writes JSON lines, with metadata if it has a key', async () => {
    const records = [{ payload: { n: 1 }, metadata: { a: 'b' } }, { payload: [2] }, '"three"'];
    expect(Buffer.concat(await encode(records, { format: 'jsonl' })).toString()).to.equal(
      '{"n":1}\n[2]\n"three"\n',
    );
    const options = { format: 'jsonl', metadataKey: 'm' } as const;
    const lines = Buffer.concat(await encode(records.slice(0, 1), options));
    expect(lines.toString()).to.equal('{"m":{"a":"b"},"n":1}\n');
    expect(decodeArchive(lines, { metadataKey: 'm' })[0]?.metadata).to.deep.equal({ a: 'b' });
  });

  for (const format of ['v2', 'v1', 'jsonl'] as const) {
    it(`gives no bytes for no records as ${format}`, async () => {
      expect(await encode([], { format })).to.deep.equal([]);
    });

    it(`ends each pushed chunk where a frame ends, as ${format}`, async () => {
      const records = Array.from({ length: 500 }, (_, n) => ({ payload: { n } }));
      const chunks = await encode(records, { format, blockBytes: 1000 });
      expect(chunks.length).to.be.greaterThan(4);
      const texts = chunks.flatMap(textsOf);
      expect(texts).to.deep.equal(records.map(({ payload }) => JSON.stringify(payload)));
    });

    it(`takes no more records when a block waits for the reader, as ${format}`, async () => {
      const { encoder } = create({ format, blockBytes: 10_000 });
      const source = countingSource(() => '"a text of twenty bytes"');
      source.stream.pipe(encoder);
      await settle();
      const taken = source.taken();
      expect(encoder.readableLength).to.be.within(10_000, 20_000);
      expect(taken).to.be.lessThan(2000);
      await settle();
      expect(source.taken()).to.equal(taken);
      encoder.read();
      await settle();
      expect(source.taken()).to.be.greaterThan(taken);
      expect(encoder.readableLength).to.be.within(10_000, 20_000);
      source.stream.destroy();
      encoder.destroy();
    });
  }

  it('gives a full block at once, and others after flushInterval', async () => {
    const { encoder, clock } = create({ blockBytes: 1000, flushInterval: '2s' });
    encoder.write(RECORD);
    await settle();
    clock.advance(1999);
    expect(encoder.read()).to.equal(null);
    clock.advance(1);
    expect(textsOf(encoder.read())).to.have.length(1);
    expect(clock.pendingTimers).to.equal(0);

    for (let i = 0; i < 12; i++) encoder.write(RECORD);
    await settle();
    const block = textsOf(encoder.read());
    expect(block.length).to.be.within(9, 11);
    encoder.end();
    await settle();
    expect(textsOf(encoder.read())).to.have.length(12 - block.length);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('counts flushInterval from the first record of a block', async () => {
    const { encoder, clock } = create({ blockBytes: 1000, flushInterval: 1000 });
    encoder.write(RECORD);
    await settle();
    clock.advance(900);
    for (let i = 0; i < 11; i++) encoder.write(RECORD);
    await settle();
    expect(encoder.read()).to.be.instanceOf(Buffer);
    clock.advance(900);
    expect(encoder.read()).to.equal(null);
    clock.advance(100);
    expect(encoder.read()).to.be.instanceOf(Buffer);
    encoder.destroy();
  });

  it('sets no timer that keeps the process alive', async () => {
    const { encoder, clock } = create();
    encoder.write(RECORD);
    await settle();
    expect([clock.pendingTimers, clock.refTimers]).to.deep.equal([1, 0]);
    encoder.destroy();
  });

  it('takes no more records when short blocks fill the readable side', async () => {
    const { encoder, clock } = create({ blockBytes: 2000 });
    let accepted = 0;
    for (let i = 0; i < 1000; i++) {
      encoder.write(RECORD, () => accepted++);
      await Promise.resolve();
      clock.advance(1000);
    }
    await settle();
    expect(accepted).to.be.lessThan(30);
    expect(encoder.readableLength).to.be.lessThan(5000);
    encoder.end();
    const { given, error } = await drain<Buffer>(encoder);
    expect(error).to.equal(undefined);
    expect(textsOf(Buffer.concat(given))).to.have.length(1000);
    expect(accepted).to.equal(1000);
  });

  it('gives a short block without the memory of a whole one', async () => {
    const { encoder, clock } = create({ blockBytes: '16 MiB' });
    encoder.write(RECORD);
    await settle();
    clock.advance(1000);
    expect(encoder.read().buffer.byteLength).to.be.lessThan(131_072);
    encoder.destroy();
  });

  it('takes the time of a record without one from the clock, to the microsecond', async () => {
    const now = () => 1234.0006;
    const { encoder } = create({ clock: { now, setTimer: () => ({ cancel() {}, ref() {} }) } });
    encoder.end('a');
    const { given } = await drain<Buffer>(encoder);
    expect(decodeArchive(Buffer.concat(given))[0]?.timeMicros).to.equal(1_234_001);
  });

  const invalid: ReadonlyArray<readonly [name: string, record: unknown]> = [
    ['a record without a payload', { metadata: {} }],
    ['a number', 7],
    ['a time that is none', { payload: 'a', time: 'soon' }],
    ['text that is not Unicode', '\ud800'],
  ];
  for (const [name, record] of invalid) {
    it(`gives the bytes before ${name}, then a RecordError`, async () => {
      const records = [...Array(50).fill(RECORD), record, RECORD];
      const { encoder } = create({ blockBytes: 1000 });
      Readable.from(records).pipe(encoder);
      const { given, error } = await drain<Buffer>(encoder);
      expect(error).to.be.instanceOf(RecordError);
      expect(textsOf(Buffer.concat(given))).to.have.length(50);

      const sink = new SlowSink();
      const { encoder: another, clock } = create({ blockBytes: 1000 });
      const failure = await rejection(pipeline(Readable.from(records), another, sink));
      expect(failure).to.be.instanceOf(RecordError);
      expect(textsOf(sink.bytes)).to.have.length(50);
      expect(clock.pendingTimers).to.equal(0);
    });
  }

  it('reports a first input that is not a record', async () => {
    const { encoder } = create();
    const bytes: unknown[] = [];
    encoder.on('data', (chunk) => bytes.push(chunk));
    encoder.write(7);
    const error = await new Promise((resolve) => encoder.once('error', resolve));
    expect(error).to.be.instanceOf(RecordError);
    expect(bytes).to.deep.equal([]);
  });

  it('refuses invalid options', () => {
    const refused: [options: object, type: typeof TypeError | typeof RangeError, text: string][] = [
      [{ format: 'v3' }, TypeError, '"v3"'],
      [{ metadataKey: 'm' }, TypeError, 'metadataKey'],
      [{ blockBytes: 0 }, RangeError, 'blockBytes is 0'],
      [{ blockBytes: '17 MiB' }, RangeError, 'blockBytes is "17 MiB"'],
      [{ blockBytes: 'much' }, RangeError, '"much"'],
      [{ maxRecordBytes: 0 }, RangeError, 'maxRecordBytes is 0'],
      [{ flushInterval: -1 }, RangeError, 'flushInterval is -1'],
      [{ flushInterval: 'soon' }, RangeError, '"soon"'],
      [{ writerId: Buffer.alloc(7) }, RangeError, 'writerId has 7 bytes'],
    ];
    for (const [options, type, text] of refused) {
      expect(() => new Encoder(options)).to.throw(type, text);
    }
  });

  it('has a random writer id unless it is given one', async () => {
    const ids = [];
    for (const writerId of [undefined, undefined, WRITER_ID]) {
      const bytes = Buffer.concat(await encode(['a'], { writerId }));
      ids.push(decodeArchive(bytes)[0]?.writer);
    }
    expect(new Set(ids).size).to.equal(3);
    expect(ids[2]).to.equal(WRITER_ID.toString('hex'));
  });

  it('leaves no timer and takes no record when it is destroyed midway', async () => {
    const { encoder, clock } = create();
    encoder.write(RECORD);
    await settle();
    expect(clock.pendingTimers).to.equal(1);
    encoder.destroy();
    expect(clock.pendingTimers).to.equal(0);
    await settle();
    expect(encoder.read()).to.equal(null);
  });

  it('leaves no timer when the reader destroys it during a push', async () => {
    const { encoder, clock } = create({ blockBytes: 500 });
    encoder.on('data', () => encoder.destroy());
    encoder.cork();
    for (let i = 0; i < 8; i++) encoder.write(RECORD);
    await settle();
    encoder.uncork();
    await settle();
    expect(encoder.destroyed).to.equal(true);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('ends the pipeline when it is destroyed while it holds records', async () => {
    const { encoder, clock } = create({ blockBytes: 500 });
    const source = countingSource(() => RECORD);
    const running = rejection(pipeline(source.stream, encoder, new SlowSink()));
    await settle();
    encoder.destroy(new Error('stop'));
    expect(await running).to.have.property('message', 'stop');
    expect(source.stream.destroyed).to.equal(true);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('works between files and async generators', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'shoebox-encoder-'));
    const [first, second] = [join(directory, 'a.events'), join(directory, 'b.events')];
    try {
      async function* thousand() {
        for (let n = 0; n < 1000; n++) yield { payload: { n }, metadata: { kind: 'count' } };
      }
      await pipeline(thousand, create().encoder, createWriteStream(first));
      async function* doubled(records: AsyncIterable<ArchiveRecord>) {
        for await (const record of records) yield { payload: record.text().repeat(2) };
      }
      await pipeline(
        createReadStream(first, { highWaterMark: 999 }),
        new Decoder(),
        doubled,
        create({ format: 'v1' }).encoder,
        createWriteStream(second),
      );
      const texts = textsOf(await readFile(second));
      expect(texts).to.have.length(1000);
      expect(texts[999]).to.equal('{"n":999}{"n":999}');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('copies an archive of the original program through version 2 to the byte', async () => {
    const original = await readFile(FIXTURE);
    const version2 = new Encoder();
    const { given } = await drain<Buffer>(
      Readable.from([original]).pipe(new Decoder()).pipe(version2),
    );
    expect(Buffer.concat(given)).to.not.deep.equal(original);
    const version1 = new Encoder({ format: 'v1' });
    const again = await drain<Buffer>(Readable.from(given).pipe(new Decoder()).pipe(version1));
    expect(Buffer.concat(again.given)).to.deep.equal(original);
  });

  it('gives its held records when the stream before it finds damage', async () => {
    const records: RecordFields[] = Array.from({ length: 9 }, (_, n) => ({ payload: { n } }));
    const archive = Buffer.concat([...(await encode(records)), Buffer.from('damage')]);
    for (const format of ['v2', 'v1', 'jsonl'] as const) {
      // The clock stands still, so flushInterval never ends a block.
      const { encoder, clock } = create({ format });
      const sink = new SlowSink();
      const failure = pipeline(Readable.from([archive]), new Decoder(), encoder, sink);
      expect(await rejection(failure)).to.have.property('reason', 'bad-magic');
      const read = decodeChunks([sink.bytes]);
      expect(read.error).to.equal(undefined);
      expect(read.records.map((record) => record.json())).to.deep.equal(
        records.map(({ payload }) => payload),
      );
      expect(clock.pendingTimers).to.equal(0);
    }
  });
});
