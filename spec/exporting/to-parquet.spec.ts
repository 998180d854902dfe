import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import type { RecordInput } from '../../lib/codec/records/record-input.js';
import { RecordError } from '../../lib/errors/record-error.js';
import { type ToParquetOptions, toParquet } from '../../lib/exporting/to-parquet.js';
import { decodeArchive } from '../support/decode-archive.js';
import { queryDuckDb } from '../support/duckdb.js';
import { encodeBlocks, encodeVersion1 } from '../support/encode-archive.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

/** One more than a row group has. */
const MANY = 10_001;

async function parquet(
  records: Iterable<RecordInput>,
  options?: ToParquetOptions,
): Promise<string> {
  const path = `${await directories.make()}/a.parquet`;
  await pipeline(Readable.from(records), toParquet(options), createWriteStream(path));
  return path;
}

const archived = (records: readonly RecordInput[]) => decodeArchive(encodeBlocks(records));

const directories = new TemporaryDirectories();

describe('toParquet', () => {
  after(() => directories.remove());

  it('has the types that it promises', async () => {
    const options = { columns: ['metadata.event', 'payload.user.id'] };
    const path = await parquet([], options);
    const rows = await queryDuckDb(
      `select column_name, column_type from (describe from '${path}')`,
    );
    expect(rows.map(Object.values)).to.deep.equal([
      ['time', 'TIMESTAMP WITH TIME ZONE'],
      ['writer', 'VARCHAR'],
      ['sequence', 'BIGINT'],
      ['metadata', 'MAP(VARCHAR, VARCHAR)'],
      ['payload', 'VARCHAR'],
      ['metadata.event', 'VARCHAR'],
      ['payload.user.id', 'VARCHAR'],
    ]);
    const binary = await parquet([], { payload: 'binary' });
    const [payload] = await queryDuckDb(
      `select column_type t from (describe from '${binary}') where column_name = 'payload'`,
    );
    expect(payload).to.deep.equal({ t: 'BLOB' });
  });

  it('has the counts, sums and values of the archive, over several row groups', async () => {
    const records = archived(
      Array.from({ length: MANY }, (_, i) => ({
        timeMicros: 1_796_017_298_000_001 + 1000 * i,
        metadata: { event: i % 3 === 0 ? 'login' : 'logout', n: String(i) },
        payload: `{"user":{"id":${i}},"amount":${i}.50}`,
      })),
    );
    const columns = { event: 'metadata.event', id: 'payload.user.id', amount: 'payload.amount' };
    const path = await parquet(records, { columns });
    const [sums] = await queryDuckDb(
      `select count(*)::int n, count(distinct writer)::int writers, sum(sequence)::bigint::varchar s,
        sum(id::int)::bigint::varchar ids, sum(amount::decimal(18, 2))::varchar amounts,
        count(*) filter (event = 'login')::int logins, sum(length(payload))::bigint::varchar bytes,
        epoch_us(min(time))::varchar earliest, epoch_us(max(time))::varchar latest,
        sum(metadata['n']::int)::bigint::varchar ns
      from '${path}'`,
    );
    const sum = (MANY * (MANY - 1)) / 2;
    expect(sums).to.deep.equal({
      n: MANY,
      writers: 1,
      s: String(sum),
      ids: String(sum),
      amounts: (sum + MANY / 2).toFixed(2),
      logins: Math.ceil(MANY / 3),
      bytes: String(records.reduce((bytes, { payload }) => bytes + payload.length, 0)),
      earliest: '1796017298000001',
      latest: String(1_796_017_298_000_001 + 1000 * (MANY - 1)),
      ns: String(sum),
    });
    const groups = await queryDuckDb(
      `select distinct row_group_id, row_group_num_rows n from parquet_metadata('${path}') order by 1`,
    );
    expect(groups.map(({ n }) => Number(n))).to.deep.equal([10_000, 1]);
    const [row] = await queryDuckDb(`select * from '${path}' where sequence = 4321`);
    expect(row).to.deep.include({
      writer: records[0]?.writer,
      payload: '{"user":{"id":4321},"amount":4321.50}',
      event: 'logout',
      id: '4321',
      amount: '4321.50',
    });
  });

  it('keeps any text, null and missing values, and records without identity', async () => {
    const texts = ['', '"', 'Zoë 日本 \u{1f600}', 'two\nlines', '\u0000'];
    const payloads = [...texts.map((t) => JSON.stringify({ t })), '{"t":null}', '{}', 'no JSON'];
    const records = decodeArchive(encodeVersion1(payloads.map((payload) => ({ payload }))));
    const path = await parquet(records, { columns: { t: 'payload.t' } });
    const rows = await queryDuckDb(`select * from '${path}'`);
    const none = { time: null, writer: null, sequence: null, metadata: [] };
    expect(rows).to.deep.equal(
      payloads.map((payload, i) => ({ ...none, payload, t: texts[i] ?? null })),
    );
  });

  it('keeps bytes that are no text with payload: "binary"', async () => {
    const bytes = Buffer.from([0, 255, 128]);
    const path = await parquet([bytes], { payload: 'binary' });
    const rows = await queryDuckDb(`select hex(payload) p from '${path}'`);
    expect(rows).to.deep.equal([{ p: '00FF80' }]);
  });

  it('ends with an error that names a record whose payload is no text', async () => {
    const failure = await rejection(parquet(archived(['one', Buffer.from([0xff])])));
    expect(failure).to.be.instanceOf(RecordError);
    expect(String(failure)).to.match(
      /payload of a record is not UTF-8: writer \w{16}, sequence 1$/,
    );
  });

  it('ends row groups early for large records, and does not keep blocks in memory', async () => {
    const payload = 'x'.repeat(2 ** 20);
    const path = await parquet(Array.from({ length: 18 }, () => ({ payload })));
    const groups = await queryDuckDb(
      `select distinct row_group_id, row_group_num_rows n from parquet_metadata('${path}') order by 1`,
    );
    expect(groups.map(({ n }) => Number(n))).to.deep.equal([16, 2]);
  });

  const refused: ReadonlyArray<readonly [options: object, message: string]> = [
    [{ columns: ['time'] }, 'columns has "time", which is there already'],
    [{ columns: { Payload: 'payload.a' } }, 'columns has "Payload", which is there already'],
    [{ columns: { a: 'b' } }, 'columns has "b", expected time'],
    [{ payload: 'json' }, `payload is "json", expected 'text' or 'binary'`],
  ];
  for (const [options, message] of refused) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => toParquet(options)).to.throw(TypeError, message);
    });
  }
});
