import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import type { JsonLineRecord } from '../../lib/codec/json-lines/event-line-reader.js';
import type { RecordInput } from '../../lib/codec/records/record-input.js';
import { RecordError } from '../../lib/errors/record-error.js';
import { type FromJsonLinesOptions, fromJsonLines } from '../../lib/exporting/from-json-lines.js';
import type { InvalidLine } from '../../lib/exporting/json-lines-parser.js';
import { cutBySizes } from '../properties/piece-sizes.js';
import { drain, SlowSink, settle } from '../streams/stream-tools.js';
import { rejection } from '../support/store-tools.js';

type EventOptions = FromJsonLinesOptions & { readonly lossless?: false };

async function records(lines: string | Buffer, options?: EventOptions, size = 7) {
  const parser = fromJsonLines(options);
  Readable.from(cutBySizes(Buffer.from(lines), [size])).pipe(parser);
  const { given, error } = await drain<JsonLineRecord>(parser);
  return { given, error, stats: parser.stats() };
}

const plain = ({ metadata, payload, timeMicros }: JsonLineRecord) => ({
  payload: payload.toString(),
  metadata,
  ...(timeMicros !== undefined && { timeMicros }),
});

describe('fromJsonLines', () => {
  it('gives each line untouched, and the named members as metadata', async () => {
    const lines = [
      '{"event":"login","n":1.10,"tenant":7,"x":{"event":"inner"}}',
      ' {"tenant" : {"id": 1.50 , "on":true},"event":"a\\u00e9\\n"} \r',
      '{"event":null,"tenant":true}',
      '[{"event":1}]',
      '{"event":1,"event":2}',
    ];
    const options = { metadata: ['event', 'tenant'] };
    for (const size of [1, 7, 1000]) {
      const { given, error } = await records(`${lines.join('\n')}\n`, options, size);
      expect(error).to.equal(undefined);
      expect(given.map(plain)).to.deep.equal([
        { payload: lines[0], metadata: { event: 'login', tenant: '7' } },
        { payload: lines[1], metadata: { event: 'aé\n', tenant: '{"id": 1.50 , "on":true}' } },
        { payload: lines[2], metadata: { tenant: 'true' } },
        { payload: lines[3], metadata: {} },
        { payload: lines[4], metadata: { event: '2' } },
      ]);
    }
  });

  it('gives records the numbers of their lines as sequences', async () => {
    const lines = '{"n":1}\n\nno\n{"n":4}';
    for (const size of [1, 7, 1000]) {
      const options = { firstLine: 11, invalid: 'skip' } as const;
      const { given, stats } = await records(lines, options, size);
      expect(given.map(({ sequence }) => sequence)).to.deep.equal([11, 14]);
      expect(stats).to.include({ lines: 4, records: 2, skipped: 1 });
    }
    const { error } = await records(lines, { firstLine: 11 });
    expect(String(error)).to.contain('line 13');
    const [plainRecord] = (await records(lines, { invalid: 'skip' })).given;
    expect(plainRecord).not.to.have.property('sequence');
    for (const firstLine of [-1, 0.5, Number.NaN]) {
      expect(() => fromJsonLines({ firstLine })).to.throw(RangeError, 'firstLine is');
    }
    expect(() => fromJsonLines({ lossless: true, firstLine: 1 })).to.throw(TypeError, 'lossless');
  });

  it('takes paths, and any names', async () => {
    const metadata = { event: '.event_type', user: '.user.id', host: '."host.name"', 7: '.n' };
    const line = '{"event_type":"x","user":{"id":5},"host.name":"h","n":[1, 2]}';
    const { given } = await records(line, { metadata });
    const pairs = [
      ['7', '[1, 2]'],
      ['event', 'x'],
      ['user', '5'],
      ['host', 'h'],
    ];
    expect(given.map(plain)).to.deep.equal([{ payload: line, metadata: pairs }]);
    const odd = await records('{"__proto__":"p","":"e"}', { metadata: ['__proto__', ''] });
    expect(odd.given[0]?.metadata).to.deep.equal([
      ['__proto__', 'p'],
      ['', 'e'],
    ]);
  });

  const times: ReadonlyArray<readonly [json: string, micros: number | undefined]> = [
    ['"2026-11-30T05:41:38.123456Z"', 1_796_017_298_123_456],
    ['"2026-11-30T06:41:38.1234567+01:00"', 1_796_017_298_123_456],
    ['"2026-11-30"', 1_795_996_800_000_000],
    ['1796017298', 1_796_017_298_000_000],
    ['1796017298.123456', 1_796_017_298_123_456],
    ['1796017298123', 1_796_017_298_123_000],
    ['1796017298123456', 1_796_017_298_123_456],
    ['"1796017298"', 1_796_017_298_000_000],
    ['-1.5', -1_500_000],
    ['0', 0],
    ['1.796017298e9', 1_796_017_298_000_000],
    ['"2026-11-30T05:41:38"', undefined],
    ['"2026-02-30T05:41:38Z"', undefined],
    ['"2026-11-30T05:41:60Z"', undefined],
    ['"2026-11-30T25:41:30Z"', undefined],
    ['"now"', undefined],
    ['""', undefined],
    ['1e300', undefined],
    ['true', undefined],
    ['null', undefined],
  ];
  it('reads times in ISO 8601, and epochs by their magnitude', async () => {
    const lines = times.map(([json]) => `{"ts":${json}}`).join('\n');
    const { given, stats } = await records(`${lines}\n{}`, { time: '.ts' });
    const found = given.map(({ timeMicros }) => timeMicros);
    expect(found).to.deep.equal([...times.map(([, micros]) => micros), undefined]);
    expect(stats.untimed).to.equal(times.filter(([, micros]) => micros === undefined).length + 1);
  });

  it('ignores blank lines, and takes a last line without a line feed', async () => {
    const { given, stats } = await records('\n \t\r\n{"a":1}\r\n\n{"a":2}');
    expect(given.map(({ payload }) => payload.toString())).to.deep.equal(['{"a":1}\r', '{"a":2}']);
    expect(stats).to.deep.equal({ lines: 5, records: 2, skipped: 0, untimed: 0 });
    expect((await records('')).given).to.deep.equal([]);
  });

  const faulty: ReadonlyArray<readonly [line: string | Buffer, message: string]> = [
    ['{"a":1}}', 'payload of a record is not JSON: line 3, byte 7 of it'],
    ['{"a":"cut off', 'payload of a record is not JSON: line 3, byte 13 of it'],
    ['a stack trace', 'payload of a record is not JSON: line 3, byte 0 of it'],
    [Buffer.from('7b2261223a22ff227d', 'hex'), 'payload of a record is not UTF-8: line 3'],
    [`"${'x'.repeat(40)}"`, 'payload of a record is more than maxRecordBytes 40: line 3'],
  ];
  for (const [line, message] of faulty) {
    const input = Buffer.concat(
      ['{"a":1}\n\n', line, '\n{"a":2}\n'].map((part) => Buffer.from(part)),
    );

    it(`ends with an error after the records before ${JSON.stringify(String(line))}`, async () => {
      const sink = new SlowSink();
      const parser = fromJsonLines({ maxRecordBytes: 40 });
      const failure = await rejection(pipeline(Readable.from([input]), parser, sink));
      expect(failure).to.be.instanceOf(RecordError).with.property('message', message);
      expect(sink.chunks).to.have.length(1);
    });

    it(`skips and reports ${JSON.stringify(String(line))}`, async () => {
      for (const size of [1, 1000]) {
        const parser = fromJsonLines({ maxRecordBytes: 40, invalid: 'skip' });
        const invalid: InvalidLine[] = [];
        parser.on('invalid', (skipped) => invalid.push(skipped));
        Readable.from(cutBySizes(input, [size])).pipe(parser);
        const { given } = await drain<JsonLineRecord>(parser);
        await settle();
        expect(given.map(({ payload }) => payload.toString())).to.deep.equal([
          '{"a":1}',
          '{"a":2}',
        ]);
        expect(invalid.map(({ reason }) => reason.message)).to.deep.equal([message]);
        expect(invalid[0]?.line).to.equal(3);
        const bytes = invalid[0]?.bytes ?? Buffer.alloc(0);
        expect(bytes.equals(Buffer.from(line).subarray(0, bytes.length))).to.equal(true);
        expect(bytes.length).to.be.greaterThan(0);
        expect(parser.stats()).to.include({ lines: 4, records: 2, skipped: 1 });
      }
    });
  }

  it('holds at most one line that is too long, however long it is', async () => {
    const parser = fromJsonLines({ maxRecordBytes: 1000, invalid: 'skip' });
    const invalid: InvalidLine[] = [];
    parser.on('invalid', (skipped) => invalid.push(skipped));
    const piece = Buffer.alloc(500, 'x');
    async function* source() {
      for (let i = 0; i < 1000; i++) yield piece;
      yield Buffer.from('\n7\n');
    }
    Readable.from(source()).pipe(parser);
    const { given } = await drain<JsonLineRecord>(parser);
    expect(given.map(({ payload }) => payload.toString())).to.deep.equal(['7']);
    expect(invalid.map(({ bytes }) => bytes.length)).to.deep.equal([1500]);
  });

  it('reads no further than a few records ahead of a slow reader', async () => {
    let taken = 0;
    const line = Buffer.from('{"a":1}\n'.repeat(8192));
    const source = new Readable({
      read() {
        taken++;
        this.push(line);
      },
    });
    const parser = source.pipe(fromJsonLines());
    await settle();
    const early = taken;
    for (let i = 0; i < 1000; i++) parser.read();
    await settle();
    expect(early).to.be.at.most(4);
    expect(taken).to.be.at.most(early + 1);
    source.destroy();
    parser.destroy();
  });

  const refused: ReadonlyArray<readonly [options: object, message: string]> = [
    [{ metadata: 'event' }, "metadata is 'event', expected names or an object of paths"],
    [{ metadata: [7] }, 'metadata has 7, expected the name of a member'],
    [{ metadata: ['.event'] }, 'metadata has ".event", expected a name'],
    [{ metadata: ['a', 'b', 'a'] }, 'metadata has "a" twice'],
    [{ metadata: { event: 'event' } }, 'metadata.event is "event", expected a path'],
    [{ metadata: new Map() }, 'expected names or an object of paths'],
    [{ time: 'ts' }, 'time is "ts", expected a path such as'],
    [{ lossless: true, time: '.ts' }, 'but lossless decides about it'],
    [{ lossless: true, metadata: [] }, 'but lossless decides about it'],
    [{ payloadOnTop: true }, 'payloadOnTop goes with lossless'],
    [{ invalid: 'ignore' }, "expected 'fail' or 'skip'"],
    [{ maxRecordBytes: 0 }, 'maxRecordBytes is 0'],
  ];
  for (const [options, message] of refused) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => fromJsonLines(options)).to.throw(message);
    });
  }

  it('gives records that a writer takes', () => {
    const typed: RecordInput = { payload: Buffer.from('1'), metadata: {}, timeMicros: undefined };
    const given: JsonLineRecord = { payload: Buffer.from('1'), metadata: [], timeMicros: 1 };
    expect([typed, given satisfies RecordInput]).to.have.length(2);
  });
});
