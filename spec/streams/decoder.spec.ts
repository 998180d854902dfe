import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';
import fc from 'fast-check';

import type { ArchiveRecord } from '../../lib/codec/records/archive-record.js';
import { toJsonLines } from '../../lib/exporting/to-json-lines.js';
import { toPayloads } from '../../lib/exporting/to-payloads.js';
import { Decoder } from '../../lib/streams/decoder.js';
import { Encoder } from '../../lib/streams/encoder.js';
import { waitUntilTaken } from '../../lib/streams/wait-until-taken.js';
import { anyRecord, expectedOf } from '../support/arbitrary-record.js';
import { cut, damageOf, plain } from '../support/decode-archive.js';
import { encodeBlocks, encodeJsonLines, encodeVersion1 } from '../support/encode-archive.js';
import { runs } from '../support/sampled.js';
import { rejection } from '../support/store-tools.js';
import { drain, SlowSink, settle } from './stream-tools.js';

const RECORDS = ['{"n":1}', '{"n":2}', '{"text":"é👟"}'];
const SAMPLES = [
  ['version 2', encodeBlocks(RECORDS, { blockBytes: 30 })],
  ['version 1', encodeVersion1(RECORDS)],
  ['JSON lines', encodeJsonLines(RECORDS)],
] as const;

/** 300 records in 100 blocks, followed by damage. */
const MANY = Array.from({ length: 300 }, (_, n) => `{"n":${n}}`);
const DAMAGED = Buffer.concat([encodeBlocks(MANY, { blockBytes: 40 }), Buffer.from('damage')]);

function texts(records: readonly ArchiveRecord[]): string[] {
  return records.map((record) => record.text());
}

function decode(chunks: Iterable<Uint8Array>, options?: ConstructorParameters<typeof Decoder>[0]) {
  const copies = Array.from(chunks, (chunk) => Buffer.from(chunk));
  return drain<ArchiveRecord>(Readable.from(copies).pipe(new Decoder(options)));
}

describe('Decoder', () => {
  for (const [name, archive] of SAMPLES) {
    it(`reads ${name} wherever it is cut`, async () => {
      for (let at = 0; at <= archive.length; at++) {
        const chunks = [archive.subarray(0, at), archive.subarray(at)];
        const { given, error } = await decode(chunks);
        expect(error).to.equal(undefined);
        expect(texts(given)).to.deep.equal(RECORDS);
      }
      for (const size of [1, 2, 3, 7, 64]) {
        expect(texts((await decode(cut(archive, size))).given)).to.deep.equal(RECORDS);
      }
    });
  }

  it('reads any records from chunks of any sizes', async () => {
    const pieces = fc.integer({ min: 1, max: 400 });
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { maxLength: 10 }), pieces, async (records, size) => {
        const { given } = await decode(cut(encodeBlocks(records), size));
        expect(given.map(plain)).to.deep.equal(records.map(expectedOf));
      }),
    );
  });

  it('gives no record for no bytes', async () => {
    expect(await decode([])).to.deep.equal({ given: [], error: undefined });
  });

  it('reports a torn last frame as damage, or accepts it with tornTail end', async () => {
    const archive = encodeBlocks(MANY, { blockBytes: 40 });
    const torn = archive.subarray(0, archive.length - 1);
    const { given, error } = await decode([torn], { archive: 'a.events' });
    expect(damageOf(error)).to.include({ reason: 'torn', archive: 'a.events' });
    const open = await decode([torn], { tornTail: 'end' });
    expect(open.error).to.equal(undefined);
    expect(texts(open.given)).to.deep.equal(texts(given));
    expect(texts(given)).to.deep.equal(MANY.slice(0, given.length));
    expect(given.length).to.be.within(290, 299);
  });

  it('refuses invalid options', () => {
    expect(() => new Decoder({ maxRecordBytes: -1 })).to.throw(RangeError, 'maxRecordBytes is -1');
  });

  describe('gives every record before damage', () => {
    it('to a for-await loop, however slow', async () => {
      const decoder = Readable.from([DAMAGED]).pipe(new Decoder());
      const records: string[] = [];
      const loop = async () => {
        for await (const record of decoder) {
          records.push(record.text());
          if (records.length % 50 === 0) await settle();
        }
      };
      expect(damageOf(await rejection(loop()))).to.have.property('reason', 'bad-magic');
      expect(records).to.deep.equal(MANY);
    });

    it('to a slow sink', async () => {
      const sink = new SlowSink();
      const failure = await rejection(pipeline(Readable.from([DAMAGED]), new Decoder(), sink));
      expect(damageOf(failure)).to.have.property('reason', 'bad-magic');
      expect(sink.chunks).to.have.length(300);
    });

    it('to a slow sink after Transforms', async () => {
      const sink = new SlowSink();
      const between = new PassThrough({ objectMode: true });
      const late = new Transform({
        objectMode: true,
        transform: (record, _encoding, callback) => void setImmediate(() => callback(null, record)),
      });
      const source = Readable.from([DAMAGED]);
      const failure = await rejection(pipeline(source, new Decoder(), between, late, sink));
      expect(damageOf(failure)).to.have.property('reason', 'bad-magic');
      expect(sink.chunks).to.have.length(300);
    });

    it('to a for-await loop at the end of a pipeline', async () => {
      const records: string[] = [];
      const running = pipeline(
        Readable.from([DAMAGED]),
        new Decoder(),
        new PassThrough({ objectMode: true }),
        async (source: AsyncIterable<ArchiveRecord>) => {
          for await (const record of source) {
            if (records.push(record.text()) % 50 === 0) await settle();
          }
        },
      );
      expect(damageOf(await rejection(running))).to.have.property('reason', 'bad-magic');
      expect(records).to.deep.equal(MANY);
    });

    for (const [name, create] of [
      ['JSON lines', toJsonLines],
      ['payloads', toPayloads],
    ] as const) {
      it(`as ${name} to a slow sink`, async () => {
        const sink = new SlowSink();
        const source = Readable.from([DAMAGED]);
        const running = pipeline(source, new Decoder(), create(), sink);
        expect(damageOf(await rejection(running))).to.have.property('reason', 'bad-magic');
        expect(sink.bytes.toString()).to.equal(`${MANY.join('\n')}\n`);
      });
    }

    it('to a listener', async () => {
      const decoder = new Decoder();
      const events: string[] = [];
      decoder.on('data', (record: ArchiveRecord) => events.push(record.text()));
      const closed = new Promise((resolve) => decoder.on('close', resolve));
      decoder.on('error', (error) => events.push(error.name));
      decoder.end(DAMAGED);
      await closed;
      expect(events).to.deep.equal([...MANY, 'DamageError']);
    });

    it('even if the damage is a missing end', async () => {
      const sink = new SlowSink();
      const torn = DAMAGED.subarray(0, DAMAGED.length - 10);
      const failure = await rejection(pipeline(Readable.from([torn]), new Decoder(), sink));
      expect(damageOf(failure)).to.have.property('reason', 'torn');
      expect(sink.chunks.length).to.be.within(295, 299);
    });
  });

  it('reports damage at once if no record precedes it', async () => {
    const decoder = new Decoder();
    const raised = new Promise((resolve) => decoder.once('error', resolve));
    decoder.write('damage');
    expect(damageOf(await raised)).to.include({ reason: 'bad-magic', offset: 0 });
  });

  it('decodes no further than the reader needs', async () => {
    const decoder = new Decoder();
    let taken = 0;
    const archive = encodeBlocks(Array(1000).fill('x'), { blockBytes: 1 });
    for (const chunk of cut(archive, 10_000)) decoder.write(Buffer.from(chunk), () => taken++);
    decoder.end();
    await settle();
    expect(decoder.readableLength).to.be.within(128, 256);
    expect(taken).to.be.lessThan(3);
    decoder.read();
    await settle();
    expect(decoder.readableLength).to.be.within(127, 256);
    const { given, error } = await drain<ArchiveRecord>(decoder);
    expect(error).to.equal(undefined);
    expect(given).to.have.length(999);
  });

  it('reaches the end with any blocks, any chunks and any way of reading', async () => {
    const one = encodeBlocks(['x']).length;
    const chunkBytes = fc.oneof(
      fc.integer({ min: 1, max: 4 }).map((times) => 64 * times * one),
      fc.integer({ min: 500, max: 50_000 }),
    );
    const blockBytes = fc.constantFrom(1, 100, 2000, 100_000);
    const reader = fc.constantFrom('loop', 'slow loop', 'listener', 'halting listener', 'reads');
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1500),
        blockBytes,
        chunkBytes,
        reader,
        async (count, block, size, way) => {
          const archive = encodeBlocks(Array(count).fill('x'), { blockBytes: block });
          const chunks = Array.from(cut(archive, size), (chunk) => Buffer.from(chunk));
          const between = new Encoder({ blockBytes: block });
          const decoder = Readable.from(chunks)
            .pipe(new Decoder())
            .pipe(between)
            .pipe(new Decoder());
          expect(await countBy(way, decoder)).to.equal(count);
        },
      ),
      { numRuns: runs(40, 150) },
    );
  });

  it('continues after a chunk that fills the readable side exactly', async () => {
    const blockBytes = encodeBlocks(['x']).length;
    const archive = encodeBlocks(Array(3 * 128).fill('x'), { blockBytes: 1 });
    expect(archive.length).to.equal(3 * 128 * blockBytes);
    const { given, error } = await decode(cut(archive, 128 * blockBytes));
    expect(error).to.equal(undefined);
    expect(given).to.have.length(3 * 128);
  });

  it('ends the pipeline and stops decoding when it is destroyed midway', async () => {
    async function* endless() {
      while (true) yield encodeBlocks(MANY);
    }
    const source = Readable.from(endless());
    const decoder = new Decoder();
    const sink = new SlowSink();
    const running = rejection(pipeline(source, decoder, sink));
    await settle();
    decoder.destroy(new Error('stop'));
    expect(await running).to.have.property('message', 'stop');
    expect([source.destroyed, sink.destroyed]).to.deep.equal([true, true]);
  });

  it('emits no second error when it is destroyed before it reports damage', async () => {
    const decoder = new Decoder();
    decoder.end(DAMAGED);
    await settle();
    const errors: unknown[] = [];
    decoder.on('error', (error) => errors.push(error));
    const closed = new Promise((resolve) => decoder.on('close', resolve));
    // Runs after the decoder's own check.
    const looked = waitUntilTaken(decoder);
    decoder.destroy(new Error('stop'));
    await Promise.all([closed, looked]);
    await settle();
    expect(errors.map(String)).to.deep.equal(['Error: stop']);
  });

  it('is destroyed when a for-await loop ends early', async () => {
    const decoder = Readable.from([DAMAGED]).pipe(new Decoder());
    for await (const _record of decoder) break;
    expect(decoder.destroyed).to.equal(true);
  });

  it('throws the errors of a listener to the caller of write', async () => {
    const decoder = new Decoder();
    decoder.on('data', () => {
      throw new Error('of a listener');
    });
    const errors: unknown[] = [];
    decoder.on('error', (error) => errors.push(error));
    await settle();
    expect(() => decoder.write(encodeBlocks(['a']))).to.throw('of a listener');
    decoder.destroy();
    await settle();
    expect(errors).to.deep.equal([]);
  });
});

/** Reads a stream to its end, in one of several ways. */
async function countBy(way: string, stream: Readable): Promise<number> {
  let count = 0;
  if (way.endsWith('loop')) {
    for await (const _record of stream) {
      if (++count % 100 === 0 && way === 'slow loop') await new Promise(setImmediate);
    }
    return count;
  }
  const ended = new Promise<number>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('end', () => resolve(count));
  });
  if (way === 'reads') {
    stream.on('readable', () => {
      while (stream.read() !== null) count++;
    });
    return ended;
  }
  stream.on('data', () => {
    if (++count % 90 !== 0 || way === 'listener') return;
    stream.pause();
    setImmediate(() => stream.resume());
  });
  return ended;
}
