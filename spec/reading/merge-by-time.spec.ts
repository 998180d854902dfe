import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { expect } from 'chai';
import fc from 'fast-check';

import { DamageError } from '../../lib/errors/damage-error.js';
import type { ArchiveRecord } from '../../lib/index.js';
import type { RollingReadOptions } from '../../lib/reading/rolling-read-options.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import type { SeriesPatterns } from '../../lib/series/listing/series-patterns.js';
import { DirectoryStore } from '../../lib/stores/directory/directory-store.js';
import { openStore } from '../../lib/stores/open-store.js';
import { CountingFiles } from '../support/counting-files.js';
import { sealArchive } from '../support/damaged-archive.js';
import { encodeVersion1 } from '../support/encode-archive.js';
import { compressAll } from '../support/gzip-tools.js';
import { type S3Server, startS3 } from '../support/s3-server.js';
import { TemporaryDirectories } from '../support/series.js';

const BASE = 1_700_000_000_000_000;

interface Row {
  readonly writer: string;
  readonly payload: string;
  readonly time: number;
}

/** The archives of a writer: the times of the records in each block of each archive. */
type Times = readonly (readonly (readonly number[])[])[];

function idOf(writer: number): string {
  return writer.toString(16).padStart(16, '0');
}

/** The archives of writers, in any order, and their records, writer by writer. */
function encode(writers: readonly Times[]) {
  const archives: { readonly name: string; readonly bytes: Buffer }[] = [];
  const rows = writers.map((times, writer) => {
    let sequence = 0;
    const own: Row[] = [];
    for (const [ordinal, blocks] of times.entries()) {
      const records = blocks.map((block) =>
        block.map((time) => ({ payload: `${writer}:${sequence++}`, timeMicros: BASE + time })),
      );
      const flat = records.flat();
      const bytes = sealArchive(records, {
        ...{ writerId: Buffer.from(idOf(writer), 'hex'), ordinal, writerEnded: false },
        sequence: sequence - flat.length,
      }).bytes;
      archives.push({ name: `x-${(7 * writer) % 5}-${writer}-${ordinal}.events`, bytes });
      for (const { payload, timeMicros } of flat) {
        own.push({ writer: idOf(writer), payload, time: timeMicros });
      }
    }
    return own;
  });
  return { archives, rows };
}

/** What merging means: again and again the earliest of the next records. */
function merge(rows: readonly (readonly Row[])[]): Row[] {
  const left = rows.map((own) => [...own]);
  const merged: Row[] = [];
  for (;;) {
    const nexts = left.flatMap(([next]) => (next === undefined ? [] : [next]));
    const [first] = nexts.sort((a, b) => a.time - b.time || (a.writer < b.writer ? -1 : 1));
    if (first === undefined) return merged;
    merged.push(first);
    left.find(([next]) => next === first)?.shift();
  }
}

const times: fc.Arbitrary<Times> = fc.array(
  fc.array(fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
  { minLength: 1, maxLength: 3 },
);

describe('mergeByTime', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  async function readAll(
    patterns: SeriesPatterns,
    options: RollingReadOptions = {},
  ): Promise<ArchiveRecord[]> {
    const records: ArchiveRecord[] = [];
    const reader = createArchiveReader(patterns, { order: 'merged', ...options });
    for await (const record of reader) records.push(record);
    return records;
  }

  const textsOf = (records: readonly ArchiveRecord[]) => records.map((record) => record.text());

  async function writeAll(writers: readonly Times[], into: string) {
    const { archives, rows } = encode(writers);
    await mkdir(into);
    for (const [i, { name, bytes }] of archives.entries()) {
      const isPacked = i % 3 === 0 && i < 20;
      const content = isPacked ? await compressAll(bytes, { memberBytes: 1024 }) : bytes;
      await writeFile(join(into, isPacked ? `${name}.gz` : name), content);
    }
    return rows;
  }

  it('takes again and again the earliest of the next records of all writers', async () => {
    let runs = 0;
    const property = fc.asyncProperty(fc.array(times, { maxLength: 5 }), async (writers) => {
      const folder = join(directory, String(runs++));
      const expected = merge(await writeAll(writers, folder)).map(({ payload }) => payload);
      const options = { allowEmpty: true };
      expect(textsOf(await readAll(folder, options))).to.deep.equal(expected);
      // Batches are the same records.
      const reader = createArchiveReader(folder, { ...options, order: 'merged' });
      const batched: string[] = [];
      for await (const records of reader.batches()) batched.push(...textsOf(records));
      expect(batched).to.deep.equal(expected);
      const limited = await readAll(folder, { ...options, limit: 3 });
      expect(textsOf(limited)).to.deep.equal(expected.slice(0, 3));
    });
    await fc.assert(property, { numRuns: 8 });
  });

  it('continues after the cursor of any record in the same order', async () => {
    const [folder, one, two] = [
      join(directory, 'x'),
      [[1, 5], [9]],
      [
        [2, 3, 3, 8],
        [0, 12],
      ],
    ];
    const expected = merge(await writeAll([[one, [[11]]], [two], [[[4, 4], [4]]]], folder)).map(
      ({ payload }) => payload,
    );
    const records = await readAll(folder);
    // Cursors are computed when they are read, here after all records were emitted.
    const cursors = records.map(({ cursor }) => cursor ?? '');
    for (const [i, after] of cursors.entries()) {
      expect(textsOf(await readAll(folder, { after })), `after ${i}`).to.deep.equal(
        expected.slice(i + 1),
      );
    }
    const reader = createArchiveReader(folder, { order: 'merged' });
    for (let i = 0; i < expected.length; i++) {
      expect(textsOf(await readAll(folder, { after: reader.cursor }))).to.deep.equal(
        expected.slice(i),
      );
      for await (const record of reader.iterator({ destroyOnReturn: false })) {
        expect(record.text()).to.equal(expected[i]);
        break;
      }
    }
    reader.destroy();
  });

  it('needs one open file for 300 writers that followed each other', async () => {
    const writers = Array.from({ length: 300 }, (_, i) => [[[10 * i, 10 * i + 9], [10 * i + 9]]]);
    const expected = merge(await writeAll(writers, join(directory, 'x')));
    const files = new CountingFiles();
    const found = await readAll(join(directory, 'x'), { files: files.layer });
    expect(textsOf(found)).to.deep.equal(expected.map(({ payload }) => payload));
    expect(files).to.include({ open: 0, mostOpen: 1 });
  });

  it('needs 64 open files for more writers that wrote at the same time', async () => {
    const folder = join(directory, 'x');
    const writers = Array.from({ length: 80 }, (_, i) => [
      [[i % 7, 200 + i], [300 + (i % 3), 400], [500 - i]],
      [[450 + (i % 5)]],
    ]);
    const rows = await writeAll(writers, folder);
    const expected = merge(rows).map(({ payload }) => payload);
    const files = new CountingFiles();
    const found = await readAll(folder, { files: files.layer });
    expect(textsOf(found)).to.deep.equal(expected);
    expect(files.mostOpen).to.be.within(60, 65);
    expect(files.open).to.equal(0);
    const after = found[200]?.cursor ?? '';
    expect(textsOf(await readAll(folder, { after }))).to.deep.equal(expected.slice(201));
    // Nothing is missing or late.
    const reader = createArchiveReader(folder, { order: 'merged' });
    const events: unknown[] = [];
    for (const name of ['gap', 'late', 'conflict'] as const) {
      reader.on(name, (event: unknown) => events.push(event));
    }
    for await (const _ of reader);
    expect(events).to.deep.equal([]);
  });

  it('opens each of more than 64 archives of one block once, after it has found their order', async () => {
    const folder = join(directory, 'x');
    const rows = await writeAll(
      Array.from({ length: 80 }, (_, i) => [[[i, 200 + i]], [[300 + i]]]),
      folder,
    );
    const files = new CountingFiles();
    const found = await readAll(folder, { files: files.layer });
    expect(textsOf(found)).to.deep.equal(merge(rows).map(({ payload }) => payload));
    const opens = new Map<string, number>();
    for (const path of files.opened) opens.set(path, (opens.get(path) ?? 0) + 1);
    expect(Math.max(...opens.values())).to.equal(2);
  });

  it('emits all records before damage in an archive that was closed for others', async () => {
    const folder = join(directory, 'x');
    const writers = Array.from({ length: 80 }, (_, i) => [[[i, 200 + i], [300 + i]]]);
    const rows = await writeAll(writers, folder);
    // The second block of the last archive that the limit would close.
    const path = join(folder, `x-${(7 * 79) % 5}-79-0.events`);
    const bytes = await readFile(path);
    const at = bytes.indexOf('79:2');
    bytes[at] = 0;
    await writeFile(path, bytes);
    const expected = merge(rows).map(({ payload }) => payload);
    const found: string[] = [];
    const reader = createArchiveReader(folder, { order: 'merged' });
    const failure = await (async () => {
      for await (const record of reader) found.push(record.text());
    })().catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(DamageError);
    expect(found).to.deep.equal(expected.slice(0, expected.indexOf('79:1') + 1));
  });

  it('opens an archive only when its first time is due', async () => {
    const folder = join(directory, 'x');
    await writeAll([[[[0, 30]], [[40, 70]]], [[[20, 60]]], [[[50]]]], folder);
    const files = new CountingFiles();
    const reader = createArchiveReader(folder, { order: 'merged', files: files.layer });
    const open: string[] = [];
    for await (const record of reader) open.push(`${record.text()} ${files.open}`);
    expect(open.map((text) => text.split(' ')[0])).to.deep.equal([
      '0:0',
      '1:0',
      '0:1',
      '0:2',
      '2:0',
      '1:1',
      '0:3',
    ]);
    expect(files.mostOpen).to.be.at.most(3);
    expect(files.open).to.equal(0);
  });

  it('gives records without a time first, archive by archive', async () => {
    const folder = join(directory, 'x');
    const rows = merge(await writeAll([[[[5]]], [[[3]]]], folder));
    await writeFile(join(folder, 'z1.events'), encodeVersion1(['old 1', 'old 2']));
    await writeFile(join(folder, 'z2.jsonl'), '{"n":1}\n');
    const expected = ['old 1', 'old 2', '{"n":1}', ...rows.map(({ payload }) => payload)];
    expect(textsOf(await readAll(folder))).to.deep.equal(expected);
    const records = await readAll(folder);
    for (const [i, { cursor: after }] of records.entries()) {
      const rest = await readAll(folder, { after });
      expect(textsOf(rest)).to.deep.equal(expected.slice(i + 1));
    }
  });

  it('merges what a selection leaves, and closes its files when the loop breaks off', async () => {
    const folder = join(directory, 'x');
    const rows = await writeAll([[[[0, 9, 5]]], [[[1, 7]]], [[[8, 2]]]], folder);
    const wants = (text: string) => !text.endsWith(':1');
    const expected = merge(rows.map((own) => own.filter(({ payload }) => wants(payload))));
    const found = await readAll(folder, { where: (record) => wants(record.text()) });
    expect(textsOf(found)).to.deep.equal(expected.map(({ payload }) => payload));
    const files = new CountingFiles();
    for await (const _ of createArchiveReader(folder, { order: 'merged', files: files.layer })) {
      break;
    }
    expect(files.open).to.equal(0);
  });

  it('emits records once that several archives hold', async () => {
    const folder = join(directory, 'x');
    const rows = merge(await writeAll([[[[0, 4]]], [[[1, 7]]]], folder));
    const copy = join(directory, 'y');
    await writeAll([[[[0, 4]]], [[[1, 7]]]], copy);
    const found = textsOf(await readAll([folder, copy]));
    expect(found).to.deep.equal(rows.map(({ payload }) => payload));
  });

  it('cannot follow: records that are written later may have earlier times', () => {
    const options = { order: 'merged', follow: true } as const;
    expect(() => createArchiveReader(directory, options)).to.throw(TypeError, "order is 'merged'");
  });

  describe('from stores', () => {
    let server: S3Server;

    before(async () => {
      server = await startS3();
    });

    after(() => server.stop());

    it('merges objects of a directory and of an S3 service', async () => {
      const { credentials, endpoint, region } = server;
      const s3 = { endpoint, region, credentials };
      const { archives, rows } = encode([[[[0, 9]], [[12]]], [[[1, 7], [3]]], [[[8]]]]);
      const expected = merge(rows).map(({ payload }) => payload);
      for (const store of [
        new DirectoryStore(join(directory, 'store')),
        openStore(`s3://${await server.createBucket()}`, { s3 }),
      ]) {
        for (const { bytes, name } of archives) {
          await store.put(name, Readable.from([bytes], { objectMode: false }));
        }
        expect(textsOf(await readAll({ store, pattern: '*' }))).to.deep.equal(expected);
        await store.close();
      }
    });
  });
});
