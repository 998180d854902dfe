import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import type { ArchiveRecord } from '../../lib/codec/records/archive-record.js';
import { readFrameHeader } from '../../lib/codec/version-2/frame-header.js';
import { RecordError } from '../../lib/errors/record-error.js';
import { StoreError } from '../../lib/errors/store-error.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { verifyArchives } from '../../lib/reading/verifying/verify-archives.js';
import {
  type ArchiveWriterOptions,
  createArchiveWriter,
} from '../../lib/shipping/create-archive-writer.js';
import { DirectoryStore } from '../../lib/stores/directory/directory-store.js';
import { FaultyStore } from '../support/faulty-store.js';
import { TemporaryDirectories } from '../support/series.js';

const SOURCE = 'kafka/orders/3';
/** `printf kafka/orders/3 | sha256sum | head -c 16` */
const WRITER = '2c75ed4494eff8f7';

function record(sequence: number, payload = `r${sequence}`) {
  return { payload, sequence, timeMicros: 1_700_000_000_000_000 + sequence };
}

function range(begin: number, end: number): number[] {
  return Array.from({ length: end - begin }, (_, i) => begin + i);
}

describe("sequences: 'given'", () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  function create(options: Partial<ArchiveWriterOptions> = {}) {
    return createArchiveWriter({ directory, writerId: SOURCE, sequences: 'given', ...options });
  }

  /** Writes the records of a run, and seals them. */
  async function run(
    sequences: readonly number[],
    options: Partial<ArchiveWriterOptions> = {},
  ): Promise<number> {
    const writer = create(options);
    for (const sequence of sequences) writer.write(record(sequence));
    await writer.close();
    return writer.stats().alreadyArchived;
  }

  async function read(pattern: string | string[] = `${directory}/**/*.events*`) {
    const gaps: unknown[] = [];
    const reader = createArchiveReader(pattern);
    reader.on('gap', (gap) => gaps.push(gap));
    const records: ArchiveRecord[] = await reader.toArray();
    return { gaps, sequences: records.map(({ sequence }) => sequence) };
  }

  it('stores the sequences of the records, with the id of a name, and no gap is reported', async () => {
    await run([5, 6, 9, 10, 20]);
    expect(await read()).to.deep.equal({ gaps: [], sequences: [5, 6, 9, 10, 20] });
    const [name = ''] = await readdir(directory);
    const bytes = await readFile(join(directory, name));
    const headers = [];
    for (let at = 0; at < bytes.length; ) {
      const header = readFrameHeader(bytes, at);
      headers.push([header.kind, header.sequence, header.records, header.flags, header.writer]);
      at += 64 + header.storedBytes;
    }
    expect(headers).to.deep.equal([
      [1, 5, 2, 1, WRITER],
      [1, 9, 2, 1, WRITER],
      [1, 20, 1, 1, WRITER],
      [2, 21, 0, 0, WRITER],
    ]);
    const { problems, verdict } = await verifyArchives(`${directory}/*.events`);
    expect({ problems, verdict }).to.deep.equal({ problems: [], verdict: 'complete' });
  });

  it('marks the first block of a run, and no block that follows the one before it', async () => {
    const writer = create({ blockBytes: 100 });
    for (const sequence of range(0, 60)) writer.write(record(sequence));
    await writer.close();
    const [name = ''] = await readdir(directory);
    const bytes = await readFile(join(directory, name));
    const flags = [];
    for (let at = 0; at < bytes.length; at += 64 + readFrameHeader(bytes, at).storedBytes) {
      flags.push(readFrameHeader(bytes, at).flags);
    }
    expect(flags.length).to.be.greaterThan(5);
    expect(flags.map(Boolean)).to.deep.equal(flags.map((_, i) => i === 0));
  });

  it('refuses a record without a whole number', async () => {
    for (const sequence of [undefined, 1.5, -1, Number.NaN, 2 ** 53 - 1]) {
      const writer = create();
      const failed = once(writer, 'error');
      writer.write({ payload: 'x', sequence });
      const [error] = await failed;
      expect(error).to.be.instanceOf(RecordError).and.include({ field: 'sequence' });
    }
    const writer = create({ invalid: 'skip' });
    writer.write('a bare payload');
    writer.write(record(1));
    expect(() => writer.append({ payload: 'x' })).to.throw(RecordError, 'is missing');
    await writer.close();
    expect(writer.stats()).to.include({ skipped: 1, records: 1 });
    expect((await read()).sequences).to.deep.equal([1]);
  });

  it("ignores the sequence with sequences: 'own'", async () => {
    const writer = createArchiveWriter({ directory });
    writer.write(record(7));
    await writer.close();
    expect((await read()).sequences).to.deep.equal([0]);
  });

  it('refuses options that do not go together', () => {
    expect(() => createArchiveWriter({ directory, sequences: 'given' })).to.throw(
      TypeError,
      'writerId is missing',
    );
    expect(() => create({ format: 'v1' })).to.throw(TypeError, "goes with format 'v2'");
    expect(() => create({ writerId: '' })).to.throw(RangeError, 'writerId is ""');
  });

  it('passes over what its own archives, sealed archives and this run hold', async () => {
    expect(await run(range(0, 50))).to.equal(0);
    expect(await run(range(20, 80))).to.equal(30);
    expect(await run([...range(90, 100), ...range(70, 100)])).to.equal(20);
    const { gaps, sequences } = await read();
    expect(gaps).to.deep.equal([]);
    // Those from 80 on were written after later ones, so they come late.
    expect(sequences).to.deep.equal([...range(0, 80), ...range(90, 100), ...range(80, 90)]);
    const report = await verifyArchives(`${directory}/*.events`);
    expect(report.problems).to.deep.equal([]);
  });

  it('resolves the receipt of an archived record as the archive becomes safe', async () => {
    await run([1, 2, 3]);
    const writer = create();
    const [old, fresh] = [writer.append(record(2)), writer.append(record(4))];
    const again = writer.append(record(4));
    const [name = ''] = await readdir(directory);
    expect(await old.sealed).to.deep.equal({ archive: name, sequence: 2 });
    expect(await again.synced).to.deep.equal(await fresh.synced);
    await writer.close();
    const error = await old.shipped.catch((failure: unknown) => failure);
    expect(error).to.include({ code: 'ERR_NOT_SHIPPED' });
  });

  it('passes over what the store holds, and its receipt is shipped at once', async () => {
    const store = await directories.make();
    await run(range(0, 50), { ship: { to: store } });
    expect(await readdir(directory)).to.deep.equal([]);
    const writer = create({ ship: { to: store } });
    const receipt = writer.append(record(10));
    writer.append(record(50));
    expect(await receipt.shipped).to.include({ sequence: 10 });
    await writer.close();
    expect(writer.stats()).to.include({ alreadyArchived: 1, records: 1 });
    const { sequences } = await read(`${store}/**/*.gz`);
    expect(sequences).to.deep.equal(range(0, 51));
  });

  it('reads the overlapping archives of two hosts once, from one store', async () => {
    const store = await directories.make();
    const other = await directories.make();
    const [a, b] = [
      create({ ship: { to: store } }),
      create({ directory: other, ship: { to: store } }),
    ];
    for (const sequence of range(0, 60)) a.write(record(sequence));
    for (const sequence of range(40, 100)) b.write(record(sequence));
    await a.close();
    await b.close();
    const { gaps, sequences } = await read(`${store}/**/*.gz`);
    expect({ gaps, sequences }).to.deep.equal({ gaps: [], sequences: range(0, 100) });
    for (const full of [false, true]) {
      const report = await verifyArchives(`${store}/**/*.gz`, { full });
      expect(report.problems).to.deep.equal([]);
      expect(report).to.include({ verdict: 'complete', ended: 'yes' });
    }
  });

  for (const [what, other] of [
    ['payload', { payload: 'other' }],
    ['metadata', { metadata: { a: 'b' } }],
    ['time', { timeMicros: 5 }],
  ] as const) {
    it(`reports two records with one number that differ in ${what}`, async () => {
      const second = await directories.make();
      await run(range(0, 10));
      const writer = create({ directory: second });
      for (const sequence of range(5, 15)) {
        writer.write({ ...record(sequence), ...(sequence === 7 && other) });
      }
      await writer.close();
      const patterns = [directory, second].map((path) => `${path}/*.events`);
      const failure = await read(patterns).catch((error: unknown) => error);
      expect(failure).to.include({ code: 'ERR_ARCHIVE_CONFLICT', from: 7, to: 8 });
      const listened = createArchiveReader(patterns, { whenConflict: 'error' });
      listened.on('conflict', () => undefined);
      expect(await listened.toArray().catch(({ code }) => code)).to.equal('ERR_ARCHIVE_CONFLICT');
      const conflicts: unknown[] = [];
      const reader = createArchiveReader(patterns, { whenConflict: 'report' });
      reader.on('conflict', ({ from, to }) => conflicts.push([from, to]));
      const sequences = (await reader.toArray()).map(({ sequence }) => sequence);
      expect({ conflicts, sequences }).to.deep.equal({
        conflicts: [[7, 8]],
        sequences: range(0, 15),
      });
      const { problems } = await verifyArchives(patterns);
      expect(problems.map(({ kind }) => kind)).to.deep.equal(['conflict']);
    });
  }

  it('keeps no follower waiting for numbers that are missing', async () => {
    const writer = create();
    const reader = createArchiveReader(`${directory}/*.events`, { follow: true });
    const sequences: (number | undefined)[] = [];
    for (const sequence of [3, 4, 9]) writer.write(record(sequence));
    await writer.flush();
    for await (const { sequence } of reader) {
      sequences.push(sequence);
      if (sequence === 9) {
        await writer.close();
        await run([10, 30]);
      }
      if (sequence === 30) break;
    }
    expect(sequences).to.deep.equal([3, 4, 9, 10, 30]);
  });

  it('takes records while the store is down, and says that it does not know', async () => {
    const other = await directories.make();
    const store = new FaultyStore(new DirectoryStore(other));
    store.before = (operation) => {
      if (operation !== 'list') return;
      const failure = { operation, target: 'x', problem: 'denied', transient: false };
      throw new StoreError({ ...failure, storeCode: 'AccessDenied' });
    };
    const writer = create({ ship: { to: store } });
    const failed = once(writer, 'failed');
    const receipt = writer.append(record(1));
    expect((await failed)[0]).to.include({ operation: 'sequences' });
    await receipt.synced;
    store.before = () => undefined;
    await writer.close();
    expect((await read(`${other}/**/*.gz`)).sequences).to.deep.equal([1]);
  });
});
