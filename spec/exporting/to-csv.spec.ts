import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import type { RecordInput } from '../../lib/codec/records/record-input.js';
import { RecordError } from '../../lib/errors/record-error.js';
import { toCsv } from '../../lib/exporting/to-csv.js';
import { SlowSink } from '../streams/stream-tools.js';
import { decodeArchive } from '../support/decode-archive.js';
import { queryDuckDb } from '../support/duckdb.js';
import { encodeBlocks } from '../support/encode-archive.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

async function csv(records: readonly RecordInput[], options: Parameters<typeof toCsv>[0]) {
  const sink = new SlowSink();
  await pipeline(Readable.from(records), toCsv(options), sink);
  return sink.bytes.toString();
}

const archived = (records: readonly RecordInput[]) => decodeArchive(encodeBlocks(records));

describe('toCsv', () => {
  const directories = new TemporaryDirectories();
  after(() => directories.remove());

  it('gives columns of identity, metadata and payload', async () => {
    const records = archived([
      {
        time: '2026-11-30T05:41:38.123456Z',
        metadata: { event: 'login', 'a.b': '1' },
        payload: '{"user":{"id":12345678901234567890,"name":"Zoë"},"n":1.10,"on":true,"x":null}',
      },
      { time: '2026-11-30T05:41:39Z', payload: 'no JSON' },
    ]);
    const [{ writer } = { writer: '' }] = records;
    const columns = {
      time: 'time',
      writer: 'writer',
      sequence: 'sequence',
      event: 'metadata.event',
      dotted: 'metadata.a.b',
      id: 'payload.user.id',
      user: 'payload.user',
      n: 'payload.n',
      on: 'payload."on"',
      x: 'payload.x',
      missing: 'payload.user.mail',
    };
    expect(await csv(records, { columns })).to.equal(
      `${Object.keys(columns).join(',')}\r\n` +
        `2026-11-30T05:41:38.123456Z,${writer},0,login,1,12345678901234567890,` +
        '"{""id"":12345678901234567890,""name"":""Zoë""}",1.10,true,,\r\n' +
        `2026-11-30T05:41:39.000000Z,${writer},1,,,,,,,,\r\n`,
    );
  });

  it('quotes what RFC 4180 wants quoted, and leaves strings as they are', async () => {
    const payload = JSON.stringify({ a: 'x,y', b: 'say "hi"', c: 'two\nlines', d: '', e: ' =1 ' });
    const columns = ['payload.a', 'payload.b', 'payload.c', 'payload.d', 'payload.e', 'payload.f'];
    expect(await csv([payload], { columns, header: false })).to.equal(
      '"x,y","say ""hi""","two\nlines","", =1 ,\r\n',
    );
  });

  it('writes a line for a missing value that is alone in its row', async () => {
    const columns = ['payload.a'];
    expect(await csv(['{"a":1}', '{}'], { columns })).to.equal('payload.a\r\n1\r\n""\r\n');
  });

  it('writes whole metadata and payloads, and the header even without records', async () => {
    const columns = ['metadata', 'payload'];
    expect(await csv([{ metadata: { b: '1', a: '2' }, payload: 'text' }], { columns })).to.equal(
      'metadata,payload\r\n"{""b"":""1"",""a"":""2""}",text\r\n',
    );
    expect(await csv([], { columns })).to.equal('metadata,payload\r\n');
    expect(await csv([], { columns, header: false })).to.equal('');
  });

  it('is read by DuckDB with the same values', async () => {
    const directory = await directories.make();
    const values = [
      'plain',
      'x,y',
      '"',
      '\r',
      '\r\n',
      "'",
      'Zoë 日本 \u{1f600}',
      '',
      ' ',
      '\\',
      null,
    ];
    const records = values.map((value) => ({ payload: { value } }));
    const path = `${directory}/a.csv`;
    await writeFile(
      path,
      await csv(records, { columns: { value: 'payload.value', n: 'sequence' } }),
    );
    const rows = await queryDuckDb(
      `select value from read_csv('${path}', header = true, all_varchar = true, quote = '"', escape = '"', delim = ',', allow_quoted_nulls = false, new_line = '\\r\\n')`,
    );
    expect(rows.map(({ value }) => value)).to.deep.equal(values);
  });

  it('ends with an error that names the record, after the rows before it', async () => {
    const records = archived(['one', Buffer.from([0xff])]);
    const sink = new SlowSink();
    const failure = await rejection(
      pipeline(Readable.from(records), toCsv({ columns: ['payload'] }), sink),
    );
    expect(failure).to.be.instanceOf(RecordError);
    expect(String(failure)).to.match(
      /payload of a record is not UTF-8: writer \w{16}, sequence 1$/,
    );
    expect(sink.bytes.toString()).to.equal('payload\r\none\r\n');
  });

  const refused: ReadonlyArray<readonly [columns: unknown, message: string]> = [
    [undefined, 'columns is undefined, expected a list or an object of sources'],
    ['time', "columns is 'time', expected a list"],
    [[], 'columns is empty'],
    [
      ['user'],
      'columns has "user", expected time, writer, sequence, metadata, payload, archive, offset, metadata.KEY',
    ],
    [['payload.'], 'columns: payload. is ".", expected a path'],
    [['time', 'time'], 'columns has "time", which is there already'],
    [{ a: 'time', A: 'writer' }, 'columns has "A", which is there already'],
    [{ '': 'time' }, 'columns has the name ""'],
    [new Map(), 'columns is Map(0) {}, expected a list or an object'],
  ];
  for (const [columns, message] of refused) {
    it(`refuses ${JSON.stringify(columns)}`, () => {
      const options: object = { columns };
      expect(() => Reflect.apply(toCsv, undefined, [options])).to.throw(TypeError, message);
    });
  }
});
