import { appendFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';
import fc from 'fast-check';

import {
  type ArchiveRecord,
  createArchiveReader,
  createArchiveWriter,
  type RecordInput,
  readLast,
  rollByCount,
  shipArchives,
  verifyArchives,
} from '../../lib/index.js';
import { CountingFiles } from '../support/counting-files.js';
import { startS3 } from '../support/s3-server.js';
import { TemporaryDirectories } from '../support/series.js';

describe('readLast', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  const time = (second: number) => new Date(Date.UTC(2026, 10, 30, 9, 0, second));

  async function write(directory: string, records: readonly RecordInput[], perArchive = 10) {
    const writer = createArchiveWriter({ directory, roll: rollByCount(perArchive) });
    for (const record of records) if (!writer.write(record)) await writer.ready();
    await writer.close();
  }

  const texts = (records: readonly ArchiveRecord[]) => records.map((record) => record.text());
  const numbered = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) => ({
      payload: String(from + i),
      time: time(from + i),
      metadata: { odd: String((from + i) % 2), tens: String(Math.floor((from + i) / 10)) },
    }));

  it('gives the last records in order, and a cursor after all', async () => {
    const directory = await temporary.make();
    await write(directory, numbered(95));
    for (const count of [1, 5, 10, 27, 95, 1000]) {
      const { cursor, records } = await readLast(directory, { count });
      const expected = numbered(95).slice(Math.max(95 - count, 0));
      expect(texts(records)).to.deep.equal(expected.map(({ payload }) => payload));
      await write(directory, [{ payload: `after ${count}`, time: time(0) }]);
      const rest = await createArchiveReader(directory, { after: cursor }).toArray();
      expect(texts(rest)).to.deep.equal([`after ${count}`]);
      for (const name of await readdir(directory)) {
        const path = join(directory, name);
        const only = await createArchiveReader(path).toArray();
        if (only[0]?.text().startsWith('after')) await truncate(path, 0);
      }
    }
    const none = await readLast(directory, { count: 0 });
    expect(none.records).to.deep.equal([]);
    expect(await createArchiveReader(directory, { after: none.cursor }).toArray()).to.deep.equal(
      [],
    );
  });

  it('merges writers by time, each in its own order', async () => {
    const series = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 });
    const property = fc.asyncProperty(
      fc.array(series, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 0, max: 20 }),
      async (writers, count) => {
        const directory = await temporary.make();
        for (const [w, seconds] of writers.entries()) {
          const records = seconds.map((second, i) => ({
            payload: `${w} ${i}`,
            time: time(second),
          }));
          await write(directory, records, 4);
        }
        const { cursor, records } = await readLast(directory, { count, allowEmpty: true });
        const all = writers.flatMap((seconds, w) => {
          let latest = 0;
          return seconds.map((second, i) => {
            latest = Math.max(latest, second);
            return { text: `${w} ${i}`, latest };
          });
        });
        const wanted = all.map(({ latest }) => latest).sort((a, b) => a - b);
        const found = texts(records).map((text) => all.find((one) => one.text === text)?.latest);
        expect(found).to.deep.equal(wanted.slice(Math.max(wanted.length - count, 0)));
        const rest = createArchiveReader(directory, { after: cursor, allowEmpty: true });
        expect(await rest.toArray()).to.deep.equal([]);
      },
    );
    await fc.assert(property, { numRuns: Number(process.env.LAST_RUNS ?? 12) });
  });

  it('looks further back if too few of the last records match', async () => {
    const directory = await temporary.make();
    await write(directory, numbered(400), 40);
    const odd = await readLast(directory, { count: 3, where: { odd: '1' } });
    expect(texts(odd.records)).to.deep.equal(['395', '397', '399']);
    const early = await readLast(directory, { count: 3, where: { tens: '2' } });
    expect(texts(early.records)).to.deep.equal(['27', '28', '29']);
    const none = await readLast(directory, { count: 3, where: { tens: 'none' } });
    expect(none.records).to.deep.equal([]);
  });

  it('reads little of large archives', async () => {
    const directory = await temporary.make();
    const padding = 'x'.repeat(2000);
    const records = numbered(3000).map((record) => ({ ...record, payload: padding }));
    await write(directory, records, 1500);
    let bytesRead = 0;
    const counting = new CountingFiles((file) => ({
      read: async (...args) => {
        const result = await file.read(...args);
        bytesRead += result.bytesRead;
        return result;
      },
    }));
    const last = await readLast(directory, { count: 10, files: counting.layer });
    expect(last.records.map(({ sequence }) => sequence)).to.deep.equal(
      Array.from({ length: 10 }, (_, i) => 2990 + i),
    );
    expect(bytesRead).to.be.below(1_000_000);
    expect(counting.open).to.equal(0);
  });

  it('reads archives without an index, and puts records without a time first', async () => {
    const directory = await temporary.make();
    await writeFile(join(directory, 'a.jsonl'), '1\n2\n3\n');
    await write(directory, numbered(3));
    const { cursor, records } = await readLast(directory, { count: 5 });
    expect(texts(records)).to.deep.equal(['2', '3', '0', '1', '2']);
    await appendFile(join(directory, 'a.jsonl'), '4\n');
    const rest = await createArchiveReader(directory, { after: cursor }).toArray();
    expect(texts(rest)).to.deep.equal(['4']);
  });

  it('reads the last records of a bucket', async () => {
    const directory = await temporary.make();
    await write(directory, numbered(25));
    const server = await startS3();
    try {
      const { credentials, endpoint, region } = server;
      const s3 = { credentials, endpoint, region };
      const to = `s3://${await server.createBucket()}/p`;
      for await (const { outcome } of shipArchives(directory, { to, s3 })) {
        expect(outcome).to.equal('shipped');
      }
      const { cursor, records } = await readLast(to, { count: 7, s3 });
      expect(texts(records)).to.deep.equal(['18', '19', '20', '21', '22', '23', '24']);
      expect(await createArchiveReader(to, { after: cursor, s3 }).toArray()).to.deep.equal([]);
      const { archives, verdict } = await verifyArchives(to, { s3 });
      expect([verdict, archives.some(({ isRead }) => isRead)]).to.deep.equal(['complete', false]);
    } finally {
      await server.stop();
    }
  });

  it('refuses a count that is not a whole number', async () => {
    for (const count of [-1, 1.5, Number.NaN]) {
      let message = '';
      await readLast('none', { count }).catch((error: Error) => {
        message = error.message;
      });
      expect(message).to.match(/^count is .*, expected a whole number of records, 0 or more$/);
    }
  });
});
